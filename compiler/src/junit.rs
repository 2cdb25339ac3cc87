//! JUnit XML, as continuous integration reads it: suites of cases as plain data, and how they are written. The only
//! module that knows XML; it knows neither diagnostics nor programs.

use std::time::Duration;

use quick_xml::Writer;
use quick_xml::events::{BytesDecl, BytesEnd, BytesStart, BytesText, Event};

#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TestSuite {
    pub name: String,
    pub cases: Vec<TestCase>,
}

/// One test; it passed where there is no failure.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TestCase {
    pub name: String,
    /// The group in which consumers show it.
    pub class: String,
    pub file: Option<String>,
    pub line: Option<usize>,
    pub time: Option<Duration>,
    pub failure: Option<Failure>,
    /// What it said, whether it passed or not.
    pub output: String,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Failure {
    pub kind: String,
    /// In one line.
    pub message: String,
    pub text: String,
}

impl TestCase {
    pub fn new(name: impl Into<String>) -> TestCase {
        TestCase { name: name.into(), ..TestCase::default() }
    }
}

type Attributes = Vec<(&'static str, String)>;

/// A document with all suites.
pub fn write(name: &str, suites: &[TestSuite]) -> String {
    let mut out = Out(Writer::new_with_indent(Vec::new(), b' ', 2));
    out.event(Event::Decl(BytesDecl::new("1.0", Some("UTF-8"), None)));
    let all: Vec<&TestCase> = suites.iter().flat_map(|suite| &suite.cases).collect();
    out.open("testsuites", counts(name, &all));
    for suite in suites {
        out.open("testsuite", counts(&suite.name, &suite.cases.iter().collect::<Vec<_>>()));
        for case in &suite.cases {
            write_case(&mut out, case);
        }
        out.close("testsuite");
    }
    out.close("testsuites");
    String::from_utf8(out.0.into_inner()).expect("text makes text") + "\n"
}

fn write_case(out: &mut Out, case: &TestCase) {
    let mut attributes = vec![("name", case.name.clone()), ("classname", case.class.clone())];
    attributes.extend(case.file.clone().map(|file| ("file", file)));
    attributes.extend(case.line.map(|line| ("line", line.to_string())));
    attributes.extend(case.time.map(|time| ("time", seconds(time))));
    if case.failure.is_none() && case.output.is_empty() {
        out.event(Event::Empty(element("testcase", attributes)));
        return;
    }
    out.open("testcase", attributes);
    if let Some(failure) = &case.failure {
        let attributes = vec![("message", failure.message.clone()), ("type", failure.kind.clone())];
        out.text("failure", attributes, &failure.text);
    }
    if !case.output.is_empty() {
        out.text("system-out", Vec::new(), &case.output);
    }
    out.close("testcase");
}

fn counts(name: &str, cases: &[&TestCase]) -> Attributes {
    let failures = cases.iter().filter(|case| case.failure.is_some()).count();
    let mut attributes = vec![
        ("name", name.to_owned()),
        ("tests", cases.len().to_string()),
        ("failures", failures.to_string()),
        ("errors", "0".to_owned()),
    ];
    let times: Vec<Duration> = cases.iter().filter_map(|case| case.time).collect();
    if !times.is_empty() {
        attributes.push(("time", seconds(times.iter().sum())));
    }
    attributes
}

fn seconds(time: Duration) -> String {
    format!("{:.3}", time.as_secs_f64())
}

/// XML has no way to write most control characters, so they are left out.
fn legal(text: &str) -> String {
    let legal = |c: &char| matches!(c, '\t' | '\n' | '\u{20}'..='\u{7e}' | '\u{a0}'..='\u{d7ff}' | '\u{e000}'..='\u{fffd}' | '\u{10000}'..);
    text.chars().filter(legal).collect()
}

fn element(name: &'static str, attributes: Attributes) -> BytesStart<'static> {
    let mut element = BytesStart::new(name);
    for (name, value) in attributes {
        // A reader turns line ends in an attribute into blanks: better that it is done here, and seen.
        let value = legal(&value).replace(['\n', '\t'], " ");
        element.push_attribute((name, value.as_str()));
    }
    element
}

/// Writing to memory does not fail.
struct Out(Writer<Vec<u8>>);

impl Out {
    fn event(&mut self, event: Event<'_>) {
        self.0.write_event(event).expect("memory takes all");
    }

    fn open(&mut self, name: &'static str, attributes: Attributes) {
        self.event(Event::Start(element(name, attributes)));
    }

    fn close(&mut self, name: &'static str) {
        self.event(Event::End(BytesEnd::new(name)));
    }

    fn text(&mut self, name: &'static str, attributes: Attributes, text: &str) {
        self.open(name, attributes);
        self.event(Event::Text(BytesText::new(&legal(text))));
        self.close(name);
    }
}
