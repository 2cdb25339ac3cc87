//! The formats of diagnostics: their looks on one program, and whether the schemas and readers of others take them,
//! whatever was found.

use std::collections::BTreeSet;
use std::path::PathBuf;
use std::process::Command;

use jsonschema::Validator;
use serde_json::Value;
use weir::diagnostic::{InputPlace, github, gitlab, json, junit, sarif};
use weir::source::{FileId, Place};
use weir::{Code, Diagnostic, Severity, Sources};
use weir_grammar::Span;

use crate::harness::{self, Built};

const CASE: &str = "order service.weir";

fn build(name: &str, program: &str) -> Built {
    let town = harness::texts(&[harness::cases().join("inventory.yaml")]);
    harness::build(&vec![(name.to_owned(), program.to_owned())], &town)
}

/// Everything that is said somewhere: the programs with carets and those of codes, and inputs that are no programs.
fn reports() -> Vec<(Sources, Vec<Diagnostic>)> {
    let mut reports = vec![(Sources::new(), Vec::new()), (Sources::with_prelude(), Vec::new())];
    for folder in ["errors", "formats"] {
        for path in harness::entries(harness::cases().join(folder)) {
            if path.extension().is_some_and(|extension| extension == "weir") {
                let built = build(&path.file_name().unwrap().to_string_lossy(), &harness::read(&path));
                reports.push((built.sources, built.diagnostics));
            }
        }
    }
    reports.push((Sources::new(), outside()));
    reports
}

/// Diagnostics about other inputs, and about none; hostile ones among them.
fn outside() -> Vec<Diagnostic> {
    let input = |file: &str, document, line, column| {
        let mut said = Diagnostic::error(Code::E0801, "a port is no number");
        said.input = Some(InputPlace { file: file.to_owned(), document, line, column });
        said
    };
    vec![
        input("pods.yaml", 4, 21, 3),
        input("pods.yaml", 4, 21, 3),
        input("all in, 100%: one.yaml", 1, 2, 0),
        input("<stdin>", 0, 0, 0),
        Diagnostic::error(Code::E0702, "cannot read `x`: \u{1b}[31m\r\n::error::]]> <&\"'\u{0}\u{fffe}")
            .with_note("50%,\nor: more"),
        Diagnostic::note(Code::W0111, "bound"),
    ]
}

fn snapshot(name: &str, text: &str) {
    let mut settings = insta::Settings::clone_current();
    settings.set_snapshot_path(harness::cases().join("formats"));
    settings.set_prepend_module_to_snapshot(false);
    settings.set_omit_expression(true);
    settings.bind(|| insta::assert_snapshot!(name, text));
}

fn pretty(text: &str) -> String {
    serde_json::to_string_pretty(&serde_json::from_str::<Value>(text).unwrap()).unwrap()
}

#[test]
fn looks() {
    let built = build(CASE, &harness::read(harness::cases().join("formats").join(CASE)));
    let (sources, said) = (&built.sources, &built.diagnostics);
    assert!(said.iter().any(|said| said.labels.len() > 1), "several places");
    assert!(said.iter().any(|said| !said.suggestions.is_empty()), "a suggestion");
    assert!(said.iter().any(|said| !said.is_error()), "a lint");
    snapshot("human", &built.rendered());
    snapshot("json", &pretty(&json::report(sources, said)));
    snapshot("github", &github::report(sources, said));
    snapshot("gitlab", &pretty(&gitlab::report(sources, said)));
    snapshot("junit", &junit::report(sources, said, Severity::Error));
    // The rules are the pages, which need no second copy.
    let mut log: Value = serde_json::from_str(&sarif::report(sources, said, true)).unwrap();
    log["runs"][0]["tool"]["driver"]["rules"] = Value::Null;
    log["runs"][0]["tool"]["driver"]["semanticVersion"] = Value::Null;
    // Another code moves all behind it.
    for result in log["runs"][0]["results"].as_array_mut().unwrap() {
        result.as_object_mut().unwrap().remove("ruleIndex");
    }
    snapshot("sarif", &serde_json::to_string_pretty(&log).unwrap());
    let outside = outside();
    let none = Sources::new();
    snapshot("github outside", &github::report(&none, &outside));
    snapshot("junit outside", &junit::report(&none, &outside, Severity::Warning));
}

fn validate(validator: &Validator, text: &str) {
    let value: Value = serde_json::from_str(text).unwrap();
    let errors: Vec<String> =
        validator.iter_errors(&value).map(|error| format!("{}: {error}", error.instance_path())).collect();
    assert!(errors.is_empty(), "{}\n{text}", errors.join("\n"));
}

fn schema() -> Value {
    serde_json::from_str(&harness::read(harness::root().join("docs/diagnostics.schema.json"))).unwrap()
}

/// The schema with no room for fields that it does not name.
pub fn closed(value: &mut Value) {
    match value {
        Value::Object(object) => {
            if object.contains_key("properties") {
                object.insert("unevaluatedProperties".to_owned(), Value::Bool(false));
            }
            object.values_mut().for_each(closed);
        }
        Value::Array(list) => list.iter_mut().for_each(closed),
        _ => {}
    }
}

#[test]
fn json_keeps_to_its_schema_and_the_schema_names_every_field() {
    let open = schema();
    assert!(jsonschema::meta::is_valid(&open));
    let open = jsonschema::validator_for(&open).unwrap();
    let mut strict = schema();
    closed(&mut strict);
    let strict = jsonschema::validator_for(&strict).unwrap();
    for (sources, said) in reports() {
        let text = json::report(&sources, &said);
        validate(&open, &text);
        validate(&strict, &text);
    }
    let entry = |more: &str| {
        format!(
            r#"{{"version":1,"diagnostics":[{{"code":"E0101","severity":"error","message":"x","labels":[],"notes":[],"help":[],"suggestions":[]{more}}}]}}"#
        )
    };
    validate(&strict, &entry(r#","namespaces":["shop"],"clusters":["eu","us"]"#));
    let refused = |text: &str| !open.is_valid(&serde_json::from_str(text).unwrap());
    assert!(refused(&entry(r#","namespaces":"shop""#)));
    assert!(refused(&entry("").replace("E0101", "e1")));
    assert!(refused(&entry("").replace("\"error\"", "\"fatal\"")));
    assert!(refused(r#"{"version":2,"diagnostics":[]}"#));
}

/// The schema of SARIF is not ours to copy: a crate that is made from it brings it.
fn sarif_schema() -> Validator {
    let cargo = std::env::var_os("CARGO").unwrap_or("cargo".into());
    let run = Command::new(cargo)
        .args(["metadata", "--format-version", "1", "--offline", "--locked"])
        .current_dir(harness::root())
        .output()
        .expect("cargo runs");
    assert!(run.status.success(), "{}", String::from_utf8_lossy(&run.stderr));
    let metadata: Value = serde_json::from_slice(&run.stdout).unwrap();
    let package = metadata["packages"].as_array().unwrap().iter().find(|p| p["name"] == "serde-sarif");
    let manifest = PathBuf::from(package.expect("a dependency")["manifest_path"].as_str().unwrap());
    let schema = harness::read(manifest.parent().unwrap().join("src/schema.json"));
    let mut schema: Value = serde_json::from_str(&schema).unwrap();
    // The patterns of languages have a bracket too many, and Weir names no language.
    for name in ["run", "toolComponent"] {
        let language = schema["definitions"][name]["properties"]["language"].as_object_mut().unwrap();
        language.remove("pattern");
    }
    jsonschema::options().should_validate_formats(true).build(&schema).unwrap()
}

#[test]
fn sarif_keeps_to_the_published_schema() {
    let validator = sarif_schema();
    assert!(!validator.is_valid(&serde_json::json!({ "version": "2.1.0", "runs": [{}] })));
    for (sources, said) in reports() {
        for ran in [true, false] {
            let text = sarif::report(&sources, &said, ran);
            validate(&validator, &text);
            let log: serde_sarif::sarif::Sarif = serde_json::from_str(&text).unwrap();
            let results = log.runs[0].results.as_ref().expect("a list, also where nothing was found");
            assert_eq!(results.len(), said.len());
            let rules = log.runs[0].tool.driver.rules.as_ref().unwrap();
            assert_eq!(rules.len(), Code::ALL.len());
            for result in results {
                let rule = &rules[result.rule_index.unwrap() as usize];
                assert_eq!(Some(&rule.id), result.rule_id.as_ref());
            }
        }
    }
}

#[test]
fn rules_have_names_of_their_own() {
    let names: BTreeSet<String> = Code::ALL.iter().map(|code| sarif::rule_name(*code)).collect();
    assert_eq!(names.len(), Code::ALL.len());
    for name in names {
        let pascal = name.starts_with(|c: char| c.is_ascii_uppercase())
            && name.chars().all(|c| c.is_ascii_alphanumeric());
        assert!(pascal, "{name}");
    }
    assert_eq!(sarif::rule_name(Code::E0102), "SentenceWithoutSemicolon");
    assert_eq!(sarif::rule_name(Code::W0101), "IdleGrant");
}

/// The texts that regions of SARIF cut out of a program, by lines and units of UTF-16.
#[test]
fn regions_are_exact() {
    let built = build(CASE, &harness::read(harness::cases().join("formats").join(CASE)));
    let log: Value = serde_json::from_str(&sarif::report(&built.sources, &built.diagnostics, true)).unwrap();
    for (said, result) in built.diagnostics.iter().zip(log["runs"][0]["results"].as_array().unwrap()) {
        let label = said.labels[0].place;
        let region = &result["locations"][0]["physicalLocation"]["region"];
        let number = |name: &str| region[name].as_u64().unwrap() as usize;
        let lines: Vec<Vec<u16>> = built
            .sources
            .get(label.file)
            .text
            .split_inclusive('\n')
            .map(|line| line.encode_utf16().collect())
            .collect();
        let mut cut = Vec::new();
        for line in number("startLine")..=number("endLine") {
            let units = lines.get(line - 1).map_or(&[][..], Vec::as_slice);
            let from = if line == number("startLine") { number("startColumn") - 1 } else { 0 };
            let to = if line == number("endLine") { number("endColumn") - 1 } else { units.len() };
            cut.extend(&units[from..to]);
        }
        assert_eq!(String::from_utf16(&cut).unwrap(), built.sources.text(label), "{}", said.message);
    }
}

fn fingerprints(program: &str) -> Vec<String> {
    let built = build("a.weir", program);
    let list: Value = serde_json::from_str(&gitlab::report(&built.sources, &built.diagnostics)).unwrap();
    let prints: Vec<String> =
        list.as_array().unwrap().iter().map(|e| e["fingerprint"].as_str().unwrap().to_owned()).collect();
    let log: Value = serde_json::from_str(&sarif::report(&built.sources, &built.diagnostics, true)).unwrap();
    let results = log["runs"][0]["results"].as_array().unwrap();
    let same = results.iter().map(|result| result["partialFingerprints"]["weir/v1"].as_str().unwrap());
    assert!(same.eq(prints.iter().map(String::as_str)), "both formats know a finding by one name");
    prints
}

#[test]
fn fingerprints_are_unique_and_survive_moved_lines() {
    let twice = "nobody locked;\nnobody locked;\nnamespace shop locked";
    let before = fingerprints(twice);
    assert_eq!(before.len(), 3);
    assert_eq!(before.iter().collect::<BTreeSet<_>>().len(), 3);
    assert_eq!(fingerprints(&format!("# a line\n\nnamespace data locked;\n{twice}")), before);
    let other = fingerprints(&twice.replacen("nobody", "no-one", 1));
    assert_eq!(before.iter().filter(|print| other.contains(print)).count(), 2);
    let outside = outside();
    let list: Value = serde_json::from_str(&gitlab::report(&Sources::new(), &outside)).unwrap();
    let prints: BTreeSet<&str> =
        list.as_array().unwrap().iter().map(|entry| entry["fingerprint"].as_str().unwrap()).collect();
    assert_eq!(prints.len(), outside.len());
    assert!(prints.iter().all(|print| print.len() == 64));
}

#[test]
fn gitlab_has_what_its_reader_requires() {
    for (sources, said) in reports() {
        let text = gitlab::report(&sources, &said);
        let list: Value = serde_json::from_str(&text).unwrap();
        let list = list.as_array().unwrap();
        assert_eq!(list.len(), said.len());
        if said.is_empty() {
            assert_eq!(text, "[]\n");
        }
        for entry in list {
            for field in ["description", "check_name", "fingerprint"] {
                assert!(entry[field].as_str().is_some_and(|text| !text.is_empty()), "{entry}");
            }
            assert!(!entry["description"].as_str().unwrap().contains('\n'), "{entry}");
            assert!(["info", "minor", "major"].contains(&entry["severity"].as_str().unwrap()), "{entry}");
            let path = entry["location"]["path"].as_str().unwrap();
            assert!(!path.is_empty() && !path.starts_with("./"), "{entry}");
            for end in ["begin", "end"] {
                for count in ["line", "column"] {
                    assert!(entry["location"]["positions"][end][count].as_u64() > Some(0), "{entry}");
                }
            }
        }
    }
}

#[test]
fn junit_is_xml_with_a_case_in_every_suite() {
    for (sources, said) in reports() {
        for failing in [Severity::Error, Severity::Warning] {
            let text = junit::report(&sources, &said, failing);
            let document =
                roxmltree::Document::parse(&text).unwrap_or_else(|error| panic!("{error}\n{text}"));
            let all = |name: &'static str| document.descendants().filter(move |node| node.has_tag_name(name));
            let count = |node: roxmltree::Node<'_, '_>, name: &'static str| {
                node.descendants().filter(|node| node.has_tag_name(name)).count().to_string()
            };
            assert!(all("testsuite").count() > 0, "{text}");
            for suite in all("testsuite").chain(all("testsuites")) {
                assert!(suite.has_attribute("name") && count(suite, "testcase") != "0", "{text}");
                assert_eq!(suite.attribute("tests").unwrap(), count(suite, "testcase"));
                assert_eq!(suite.attribute("failures").unwrap(), count(suite, "failure"));
            }
            let name = |case: roxmltree::Node<'_, '_>| {
                (case.attribute("classname").unwrap().to_owned(), case.attribute("name").unwrap().to_owned())
            };
            let names: BTreeSet<_> = all("testcase").map(name).collect();
            assert_eq!(names.len(), all("testcase").count(), "no two cases of one name\n{text}");
            let failures = said.iter().filter(|said| said.severity >= failing).count();
            assert_eq!(all("failure").count(), failures, "{text}");
        }
    }
}

#[test]
fn junit_gives_back_every_text_that_xml_can_hold() {
    use weir::junit::{Failure, TestCase, TestSuite, write};
    let hostile = "<&>\"' ]]> ä𝄞\u{0}\u{1b}\u{85}\u{ffff}\nnext\tend\r";
    let case = TestCase {
        class: hostile.to_owned(),
        time: Some(std::time::Duration::from_millis(1500)),
        failure: Some(Failure { kind: "E".into(), message: hostile.into(), text: hostile.into() }),
        output: hostile.to_owned(),
        ..TestCase::new(hostile)
    };
    let text = write("all", &[TestSuite { name: hostile.to_owned(), cases: vec![case] }]);
    let document = roxmltree::Document::parse(&text).unwrap_or_else(|error| panic!("{error}\n{text}"));
    let failure = document.descendants().find(|node| node.has_tag_name("failure")).unwrap();
    assert_eq!(failure.text(), Some("<&>\"' ]]> ä𝄞\nnext\tend"));
    assert_eq!(failure.attribute("message"), Some("<&>\"' ]]> ä𝄞 next end"));
    assert!(text.contains("time=\"1.500\""), "{text}");
}

#[test]
fn github_has_one_command_a_line() {
    for (sources, said) in reports() {
        let text = github::report(&sources, &said);
        assert_eq!(text.lines().count(), said.len());
        for line in text.lines() {
            let command = ["::error ", "::warning ", "::notice "].iter().find_map(|c| line.strip_prefix(c));
            let (properties, message) = command.expect("a command").split_once("::").expect("a message");
            assert!(!message.is_empty() && !message.contains(char::is_control), "{line}");
            for property in properties.split(',') {
                let (name, value) = property.split_once('=').expect("a value");
                assert!(["file", "line", "endLine", "col", "endColumn", "title"].contains(&name), "{line}");
                assert!(!value.is_empty() && !value.contains(':'), "{line}");
            }
        }
    }
}

/// Thousands on one line: whoever counts from the beginning for each does not come to an end.
#[test]
fn many_in_one_file_take_no_square_of_time() {
    const MANY: u32 = 20_000;
    let mut sources = Sources::new();
    sources.add("a.weir", "a.weir", format!("# {}\n", "ä𝄞 word ".repeat(MANY as usize)));
    let said: Vec<Diagnostic> = (0..MANY)
        .map(|at| {
            let start = 2 + at as usize * "ä𝄞 word ".len() + "ä𝄞 ".len();
            let place = Place { file: FileId(0), span: Span::new(start, start + 4) };
            Diagnostic::error(Code::E0101, "`word` does not fit here")
                .at(place, "here")
                .suggest("x", place, "x")
        })
        .collect();
    let report: Value = serde_json::from_str(&json::report(&sources, &said)).unwrap();
    let last = &report["diagnostics"][MANY as usize - 1]["labels"][0]["start"];
    assert_eq!(last["column"], 3 + (MANY as usize - 1) * 8 + 3);
    let log = sarif::report(&sources, &said, true);
    assert!(log.contains(&format!("\"startColumn\":{}", 3 + (MANY as usize - 1) * 9 + 4)));
    assert_eq!(github::report(&sources, &said).lines().count(), MANY as usize);
    assert_eq!(gitlab::report(&sources, &said).matches("check_name").count(), MANY as usize);
    assert_eq!(junit::report(&sources, &said, Severity::Error).matches("<failure").count(), MANY as usize);
    let shown = weir::diagnostic::render::render(&sources, &said, false);
    assert_eq!(shown.matches("error[E0101]").count(), MANY as usize);
}
