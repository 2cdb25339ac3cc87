//! Inputs that mean harm, or are no manifests at all: refused, in little time and memory, on an ordinary test's stack.

use super::*;

#[test]
fn depth() {
    let deep = "1:1: the document is nested too deeply";
    let no_object = "1:1: expected an object with `apiVersion` and `kind`, found a list";
    assert_eq!(error(&"[".repeat(100_000)), no_object);
    assert_eq!(error(&"- ".repeat(40_000)), no_object);
    assert_eq!(error(&"{a: ".repeat(80_000)), deep);
    assert_eq!(error(&"? ".repeat(20_000)), deep);
    // What is passed over in JSON takes no stack.
    assert_eq!(error(&"{\"a\":".repeat(100_000)), "1:1: the JSON ends too early");
    assert_eq!(
        error(&format!("apiVersion: v1\nkind: Secret\nx: {}", "[".repeat(100_000))),
        "1:3: the document is nested too deeply"
    );
    let indented: String = (0..5_000).map(|depth| format!("{}a:\n", " ".repeat(depth))).collect();
    assert!(error(&indented).ends_with("the document is nested too deeply"));
}

#[test]
fn what_is_deep_but_bounded_is_read() {
    let depth = 100;
    let document = format!("apiVersion: v1\nkind: Secret\nx: {}{}\n", "[".repeat(depth), "]".repeat(depth));
    assert_eq!(skipped(&read(&document)), ["Secret 1"]);
    let document =
        format!("x: {}{}\napiVersion: v1\nkind: Secret\n", "{a: ".repeat(depth), "}".repeat(depth));
    assert_eq!(skipped(&read(&document)), ["Secret 1"]);
}

#[test]
fn lists_in_lists() {
    let list = r#"{"apiVersion":"v1","kind":"List","items":["#;
    for count in [6, 60] {
        let message = error(&format!("{}{}", list.repeat(count), "]}".repeat(count)));
        assert!(message.contains("lists are nested too deeply"), "{message}");
    }
    let late = r#"{"items":["#;
    let message =
        error(&format!("{}{}", late.repeat(60), "],\"kind\":\"List\",\"apiVersion\":\"v1\"}".repeat(60)));
    assert!(message.contains("lists are nested too deeply"), "{message}");
}

#[test]
fn aliases() {
    let mut bomb = "a: &a [x, x, x, x, x, x, x, x, x]\n".to_string();
    for (this, last) in ('b'..='i').zip('a'..) {
        let nine = vec![format!("*{last}"); 9].join(", ");
        bomb.push_str(&format!("{this}: &{this} [{nine}]\n"));
    }
    assert!(error(&bomb).ends_with("the aliases of the document repeat too much"));
    let many = format!("x: &x {}\ny: [{}]\n", "a".repeat(100_000), "*x, ".repeat(50_000));
    assert!(error(&many).contains("repeat too much"), "{}", error(&many));
    let wide = format!("x: &x [{}]\ny: [{}]\n", "a, ".repeat(1_000), "*x, ".repeat(1_000));
    assert!(error(&wide).ends_with("the aliases of the document repeat too much"));
    assert!(error("x: &x {y: *x}\n").contains("alias"));
}

#[test]
fn bytes_that_are_no_text() {
    assert_eq!(error_of_bytes(b"a: b\nc: \xe9\n"), "1:2: the text is not UTF-8");
    assert_eq!(error_of_bytes(b"{\"a\":\n\n\"\xff\"}"), "1:3: the text is not UTF-8");
    assert_eq!(error_of_bytes(b"\x1f\x8b\x08\x00"), "1:1: the text is not UTF-8");
    assert_eq!(error_of_bytes(b"a: b\nc: d\0\n"), "1:2: the text has a NUL byte; it is no manifest");
    assert_eq!(error_of_bytes(b"\xff\xfea\0:\0"), "1:1: the text is UTF-16, not UTF-8");
}

#[test]
fn many_small_documents() {
    let text = "---\n{apiVersion: v1, kind: Secret}\n".repeat(20_000);
    assert_eq!(skipped(&read(&text)), ["Secret 20000"]);
    assert_eq!(
        skipped(&read(&"{\"apiVersion\":\"v1\",\"kind\":\"Secret\"}".repeat(20_000))),
        ["Secret 20000"]
    );
    assert!(read(&"---\n".repeat(100_000)).skipped.is_empty());
}

#[test]
fn long_lines_and_many_fields() {
    let labels: String = (0..20_000).map(|number| format!("    l{number}: v\n")).collect();
    let service = format!("apiVersion: v1\nkind: Service\nmetadata:\n  name: a\n  labels:\n{labels}");
    assert_eq!(read(&service).services[0].labels.len(), 20_000);
    let value = "x".repeat(1_000_000);
    assert_eq!(
        skipped(&read(&format!("apiVersion: v1\nkind: Secret\ndata: {{a: {value}}}\n"))),
        ["Secret 1"]
    );
}

#[test]
fn words_of_the_input_are_never_taken_for_the_readers_own() {
    let message = error(
        "{\"apiVersion\":\"v1\",\"kind\":\"Service\",\"metadata\":{\"name\":\"a at line 7 column 9\"}}",
    );
    assert_eq!(message, "1:1: `a at line 7 column 9` is not a valid name");
    let errors =
        errors_of(&[("x", br#"{"apiVersion":"v1","kind":"Service","metadata":{"name":"a\u001fb"}}"#)]);
    assert!(errors[0].starts_with("x:1:1: `a\u{1f}b` is not a valid name (lower-case"), "{errors:?}");
    let port =
        "{apiVersion: v1, kind: Service, metadata: {name: a}, spec: {ports: [{port: 1, protocol: \"'T'\"}]}}";
    assert_eq!(error(port), "1:1: unknown protocol `'T'`");
}

#[test]
fn cut_off_anywhere() {
    let text = stream(&[
        &controller("Deployment", "web"),
        &pod("a", "app: a", "Job/j", ", status: {podIP: 10.0.0.1}"),
    ]);
    let json =
        r#"{"apiVersion":"v1","items":[{"metadata":{"name":"a","labels":{"a":"b"}}}],"kind":"PodList"}"#;
    for whole in [text.as_str(), json] {
        for end in 0..whole.len() {
            let mut reader = Reader::new("default");
            let _ = reader.read("x", &whole.as_bytes()[..end]);
            let _ = reader.finish();
        }
    }
}
