//! Texts of all kinds: whatever is written, it is read or refused, and nothing panics.

use proptest::prelude::*;
use proptest::test_runner::TestCaseError;
use weir::{Facts, Inventory, Target};
use weir_cluster::enforce::{self, Dialect};
use weir_cluster::manifest::Reader;
pub use weir_tests::entry::without_spans;

use super::format::formatted;
use super::{check, cluster, program, settle, sources, text};

/// Words, signs and rubbish that a text may be made of.
fn soup() -> impl Strategy<Value = String> {
    const WORDS: &[&str] = &[
        "may",
        "reach",
        "on",
        "in",
        "each",
        "except",
        "isolated",
        "locked",
        "open",
        "for",
        "ingress",
        "egress",
        "because",
        "if",
        "even",
        "present",
        "absent",
        "let",
        "anyone",
        "pods",
        "nodes",
        "apiserver",
        "dns",
        "internet",
        "anywhere",
        "namespace",
        "namespaces",
        "workload",
        "service",
        "serviceaccount",
        "only",
        "must",
        "not",
        "policy",
        "apply",
        "test",
        "use",
        "export",
        "until",
        "over",
        "cluster",
        "clusters",
        "may only reach",
        "may ping",
        "must not reach",
        "reaches",
        "cannot reach",
        "until 2027-01-01",
        "2027-02-30",
        "over http GET \"/x\"",
        "POST",
        "policy p(a, b: port) {",
        "apply p(web, 80);",
        "test \"t\" {",
        "use a.b;",
        "export let x =",
        "namespaces by team",
        "in cluster a {",
        "in each namespace {",
        "web",
        "shop/web",
        "team-*",
        "*-*",
        "*",
        "a.b.c",
        "*.a.b",
        "10.0.0.0/8",
        "1.2.3.4.5",
        "300.1.1.1",
        "::1",
        "2001:db8::/32",
        "1::2::3",
        ":",
        "80",
        "99999999999999999999",
        "80-90",
        "90-80",
        "53/udp",
        "53/icmp",
        "\"text\"",
        "\"open",
        "#comment\n",
        ";",
        ";",
        ";",
        ",",
        "/",
        "=",
        "!=",
        "!",
        "(",
        ")",
        "{",
        "}",
        "[",
        "]",
        "[app=web]",
        "[a in (b,c)]",
        "[!x]",
        "[",
        "notin",
        "\n",
        "\u{feff}",
        "\u{0}",
        "ü",
        "🦀",
        "\r\n",
        "_x",
        "A-B",
        "-",
        "--",
        ".",
        "..",
        "'",
        "`",
        "\\",
    ];
    let word = prop_oneof![8 => prop::sample::select(WORDS).prop_map(str::to_owned), 1 => "\\PC{0,6}"];
    prop::collection::vec((word, any::<bool>()), 0..40).prop_map(|words| {
        words.into_iter().map(|(word, space)| if space { word + " " } else { word }).collect()
    })
}

#[test]
fn any_text_is_parsed() {
    check(
        3000,
        soup(),
        |text| format!("{text:?}"),
        |text| {
            let parse = weir_grammar::parse(text);
            let mut all: Vec<(usize, usize)> = weir_tests::entry::spans(&format!("{:?}", parse.file));
            all.extend(parse.errors.iter().map(|error| (error.span.start as usize, error.span.end as usize)));
            all.extend(parse.comments.iter().map(|one| (one.span.start as usize, one.span.end as usize)));
            for (start, end) in all {
                prop_assert!(start <= end && text.get(start..end).is_some(), "span {start}..{end}");
            }
            if parse.errors.is_empty() {
                formatted(text)?;
                return canonical(&parse);
            }
            prop_assert!(weir_grammar::format::file(text, &parse).is_none());
            // What cannot be read is an error of the whole program, shown without a panic.
            let inventory = Inventory::default();
            let facts = Facts::of(&inventory);
            let analysis = weir::analyze(
                &sources(&[("main.weir", text.clone())]),
                &weir::Setting::new(&facts, Target::NetworkPolicy, weir_tests::TODAY),
            );
            prop_assert!(analysis.has_errors() && analysis.build(&facts).is_none());
            Ok(())
        },
    );
}

/// The canonical text of a sentence says the same sentence, and is its own canonical text.
fn canonical(parse: &weir_grammar::Parse) -> Result<(), TestCaseError> {
    use weir_grammar::ast::Statement;
    let mut waiting: Vec<&Statement> = parse.file.statements.iter().collect();
    while let Some(statement) = waiting.pop() {
        match statement {
            Statement::Sentence(sentence) => {
                let text = weir_grammar::format::sentence(sentence);
                let again = weir_grammar::parse(&format!("{text};"));
                prop_assert!(again.errors.is_empty(), "`{text}` is not read again: {:?}", again.errors);
                let [Statement::Sentence(read)] = again.file.statements.as_slice() else {
                    return Err(TestCaseError::fail(format!("`{text}` is no one sentence")));
                };
                prop_assert_eq!(&weir_grammar::format::sentence(read), &text);
                prop_assert_eq!(without_spans(&format!("{read:?}")), without_spans(&format!("{sentence:?}")));
            }
            other => waiting.extend(other.body()),
        }
    }
    Ok(())
}

#[test]
fn canonical_text_says_the_same() {
    check(
        200,
        (cluster::cluster(), program::program()),
        |(cluster, program)| text(&settle::settle(program, cluster), cluster),
        |(cluster, program)| {
            let parse = weir_grammar::parse(&text(&settle::settle(program, cluster), cluster));
            prop_assert!(parse.errors.is_empty(), "{:?}", parse.errors);
            canonical(&parse)
        },
    );
}

#[test]
fn any_bytes_are_read_as_manifests() {
    const PIECES: &[&str] = &[
        "apiVersion: v1\n",
        "kind: Pod\n",
        "kind: Service\n",
        "kind: List\n",
        "metadata: {name: a}\n",
        "metadata:\n",
        "  name: a\n",
        "  labels: {a: yes}\n",
        "spec:\n",
        "  containers:\n",
        "  - name: x\n",
        "    ports:\n",
        "    - containerPort: 80\n",
        "    - containerPort: 70000\n",
        "items:\n",
        "- {}\n",
        "---\n",
        "...\n",
        "{",
        "}",
        "[",
        "]",
        "\"",
        "'",
        "&a ",
        "*a",
        "<<: *a\n",
        "!!binary ",
        "%YAML 1.1\n",
        "\t",
        "\u{feff}",
        "\u{0}",
        "null",
        "~",
        "{\"kind\":\"Pod\",\"metadata\":{\"name\":\"a\"}}",
        "{\"items\":[",
        "]}",
        "selector: {a: b}\n",
        "? ",
        ": ",
        "|\n",
        ">-\n",
        "# x\n",
        "-1",
        "1e400",
        "podCIDR: 10.0.0.0/33\n",
        "kind: Node\n",
        "kind: Deployment\n",
        "  selector: {matchExpressions: [{key: a, operator: Near}]}\n",
        "status: {podIP: x}\n",
        "🦀",
    ];
    let pieces =
        prop::collection::vec(prop::sample::select(PIECES), 0..30).prop_map(|all| all.concat().into_bytes());
    let bytes = prop_oneof![
        4 => pieces,
        1 => prop::collection::vec(any::<u8>(), 0..200),
        1 => ("[a-z]{0,3}", "\\PC{0,80}").prop_map(|(a, b)| format!("{a}: {b}").into_bytes()),
    ];
    check(
        1500,
        bytes,
        |bytes| String::from_utf8_lossy(bytes).into_owned(),
        |bytes| {
            let mut reader = Reader::new("default");
            let read = reader.read("x.yaml", bytes);
            prop_assert_eq!(read.is_ok(), reader.finish().is_ok());
            let _ = enforce::read(Dialect::NetworkPolicy, "x.yaml", &String::from_utf8_lossy(bytes));
            Ok(())
        },
    );
}
