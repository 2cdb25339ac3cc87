//! YAML as plain values, for readers that disagree: text that one of them takes for a number or a truth and another does
//! not has to be quoted, and nothing that repeats, tags or shortens is taken. Knows no kind of object.

use serde_json::{Map, Number, Value};
use serde_yaml::granit_parser::{Event, Parser, ScalarStyle};

#[derive(Default)]
pub struct Stream {
    /// Those that say something.
    pub documents: Vec<Value>,
    pub faults: Vec<Fault>,
}

pub struct Fault {
    /// From 1.
    pub document: usize,
    /// From 1.
    pub line: usize,
    pub message: String,
}

/// A list or a map that is not closed yet, and the key whose value comes next.
enum Open {
    List(Vec<Value>),
    Map(Map<String, Value>, Option<String>),
}

#[derive(Default)]
struct Builder {
    stream: Stream,
    number: usize,
    open: Vec<Open>,
}

/// What stands before the first error of syntax.
pub fn read(text: &str) -> Stream {
    let mut builder = Builder::default();
    for item in Parser::new_from_str(text) {
        match item {
            Ok((event, span)) => builder.event(event, span.start.line()),
            Err(error) => {
                let message = format!("this is no YAML: {}", error.info());
                builder.fault(error.marker().line(), message);
                break;
            }
        }
    }
    builder.stream
}

impl Builder {
    fn fault(&mut self, line: usize, message: impl Into<String>) {
        let fault = Fault { document: self.number.max(1), line, message: message.into() };
        self.stream.faults.push(fault);
    }

    fn event(&mut self, event: Event, line: usize) {
        match event {
            Event::DocumentStart(..) => self.number += 1,
            Event::Scalar(text, style, anchor, tag) => {
                self.bare(anchor, tag.is_some(), line);
                let value = match (style, plain(&text)) {
                    (ScalarStyle::Plain, Some(value)) => value,
                    (ScalarStyle::Plain, None) => {
                        self.fault(line, format!("`{text}` is read differently by different readers"));
                        Value::String(text.into_owned())
                    }
                    _ => Value::String(text.into_owned()),
                };
                self.place(value, line);
            }
            Event::SequenceStart(_, anchor, tag) => {
                self.bare(anchor, tag.is_some(), line);
                self.open.push(Open::List(Vec::new()));
            }
            Event::MappingStart(_, anchor, tag) => {
                self.bare(anchor, tag.is_some(), line);
                self.open.push(Open::Map(Map::new(), None));
            }
            Event::SequenceEnd | Event::MappingEnd => match self.open.pop() {
                Some(Open::List(items)) => self.place(Value::Array(items), line),
                Some(Open::Map(fields, _)) => self.place(Value::Object(fields), line),
                None => {}
            },
            Event::Alias(_) => {
                self.fault(line, "an alias");
                self.place(Value::Null, line);
            }
            _ => {}
        }
    }

    fn bare(&mut self, anchor: usize, tagged: bool, line: usize) {
        if anchor != 0 || tagged {
            self.fault(line, "an anchor or a tag");
        }
    }

    fn place(&mut self, value: Value, line: usize) {
        match self.open.last_mut() {
            Some(Open::List(items)) => items.push(value),
            Some(Open::Map(fields, key)) => match key.take() {
                Some(name) => {
                    if fields.insert(name.clone(), value).is_some() {
                        self.fault(line, format!("the key `{name}` stands here twice"));
                    }
                }
                None => match value {
                    Value::String(name) => *key = Some(name),
                    other => {
                        *key = Some(other.to_string());
                        self.fault(line, format!("the key `{other}` is no text"));
                    }
                },
            },
            None if value.is_null() => {}
            None => self.stream.documents.push(value),
        }
    }
}

/// What every reader takes a plain scalar for; nothing where they disagree.
fn plain(text: &str) -> Option<Value> {
    match text {
        // The parser has `~` for what is empty.
        "" | "~" | "null" => return Some(Value::Null),
        "true" => return Some(Value::Bool(true)),
        "false" => return Some(Value::Bool(false)),
        "<<" | "=" => return None,
        _ => {}
    }
    const WORDS: [&str; 9] = ["y", "n", "yes", "no", "on", "off", "true", "false", "null"];
    if WORDS.contains(&text.to_ascii_lowercase().as_str()) {
        return None;
    }
    if !text.starts_with(|first: char| first.is_ascii_digit() || "+-.".contains(first)) {
        return Some(Value::String(text.to_owned()));
    }
    let digits = text.strip_prefix('-').unwrap_or(text);
    let (whole, fraction) = digits.split_once('.').map_or((digits, None), |(a, b)| (a, Some(b)));
    let all_digits = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    if all_digits(whole) && (whole == "0" || !whole.starts_with('0')) && fraction.is_none_or(all_digits) {
        return match fraction {
            None => text.parse().ok().map(|number: i64| Value::Number(number.into())),
            Some(_) => text.parse().ok().and_then(Number::from_f64).map(Value::Number),
        };
    }
    if is_disputed(text) { None } else { Some(Value::String(text.to_owned())) }
}

/// Whether one of YAML's versions takes this for a number or a date, and another may not.
fn is_disputed(text: &str) -> bool {
    let bare = text.replace('_', "").to_ascii_lowercase();
    let unsigned = bare.trim_start_matches(['+', '-']);
    let radix = [("0x", 16), ("0o", 8), ("0b", 2)].iter().any(|(prefix, radix)| {
        let digits = unsigned.strip_prefix(prefix);
        digits.is_some_and(|digits| digits.chars().all(|digit| digit.is_digit(*radix)))
    });
    let parts: Vec<&str> = unsigned.split([':', '.']).collect();
    let of_sixty = unsigned.contains(':')
        && parts.iter().all(|part| part.bytes().all(|byte| byte.is_ascii_digit()))
        && parts[1..].iter().all(|part| part.parse::<u8>().is_ok_and(|digit| part.len() <= 2 && digit < 60));
    let date: Vec<&str> = text.splitn(3, '-').collect();
    let is_date = date.len() == 3
        && date[0].len() == 4
        && date.iter().all(|part| part.starts_with(|first: char| first.is_ascii_digit()));
    radix || of_sixty || is_date || unsigned == ".inf" || unsigned == ".nan" || bare.parse::<f64>().is_ok()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn plain_scalars_are_what_all_readers_agree_on() {
        let agreed = [
            ("80", json!(80)),
            ("-1", json!(-1)),
            ("0", json!(0)),
            ("1.5", json!(1.5)),
            ("web", json!("web")),
            ("true", json!(true)),
            ("10.0.0.0/8", json!("10.0.0.0/8")),
            ("10.0.0.1", json!("10.0.0.1")),
            ("8080:8090", json!("8080:8090")),
            ("2001:db8::/32", json!("2001:db8::/32")),
            ("v1", json!("v1")),
            ("1m", json!("1m")),
            ("-", json!("-")),
        ];
        for (text, value) in agreed {
            assert_eq!(plain(text), Some(value), "{text}");
        }
        for text in [
            "yes",
            "No",
            "ON",
            "y",
            "True",
            "<<",
            "010",
            "0x1f",
            "0o17",
            "0b1",
            "1_000",
            "1e3",
            "+1",
            ".5",
            "1.",
            ".inf",
            "-.INF",
            "2024-01-01",
            "12:30",
            "12:30:45.5",
            "99999999999999999999",
        ] {
            assert_eq!(plain(text), None, "{text}");
        }
    }

    #[test]
    fn documents_are_told_apart() {
        let stream = read("---\na: 1\n---\n---\nb: 'x'\n# nothing\n");
        assert_eq!(stream.documents, [json!({"a": 1}), json!({"b": "x"})]);
        let faults = |text: &str| -> Vec<String> {
            read(text).faults.iter().map(|f| format!("{}:{}: {}", f.document, f.line, f.message)).collect()
        };
        assert_eq!(faults("a: 1\na: 2\n"), ["1:2: the key `a` stands here twice"]);
        assert_eq!(faults("a: &x 1\nb: *x\n"), ["1:1: an anchor or a tag", "1:2: an alias"]);
        assert_eq!(faults("80: a\n"), ["1:1: the key `80` is no text"]);
        assert_eq!(faults("a: 1\n---\nb: [\n").len(), 1);
    }
}
