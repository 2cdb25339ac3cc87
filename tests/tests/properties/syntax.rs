//! Texts of the whole grammar, as words: every form of every statement, and the space between the words as it comes.

use proptest::prelude::*;

type Words = Vec<String>;
type Drawn = BoxedStrategy<Words>;

fn words(text: &str) -> Words {
    text.split(' ').map(str::to_owned).collect()
}

/// One of these; their words are parted by spaces.
fn one_of(texts: &'static [&'static str]) -> Drawn {
    prop::sample::select(texts).prop_map(words).boxed()
}

fn just(text: &'static str) -> Drawn {
    Just(if text.is_empty() { Vec::new() } else { words(text) }).boxed()
}

fn chain(parts: Vec<Drawn>) -> Drawn {
    parts.prop_map(|parts| parts.concat()).boxed()
}

fn maybe(weight: u32, part: Drawn) -> Drawn {
    prop_oneof![3 => just(""), weight => part].boxed()
}

fn listed(item: Drawn, most: usize) -> Drawn {
    let lengths = prop_oneof![6 => 1..=most, 1 => most..=most * 6];
    lengths
        .prop_flat_map(move |length| prop::collection::vec(item.clone(), length))
        .prop_map(|items| items.join(&",".to_owned()))
        .boxed()
}

fn filter() -> Drawn {
    let requirement = one_of(&[
        "app = web",
        "app == web",
        "app =",
        "app = \"\"",
        "app != web",
        "app = \"in\"",
        "! legacy",
        "legacy",
        "in",
        "notin = notin",
        "app in ( web )",
        "app in ( web , api )",
        "tier notin ( a ,  , c )",
        "app.kubernetes.io/name = a.b_c",
        "\"app\" notin ( \"web\" )",
        "in in ( in , notin )",
    ]);
    let requirement =
        requirement.prop_map(|words| words.into_iter().filter(|word| !word.is_empty()).collect());
    chain(vec![just("["), listed(requirement.boxed(), 3), just("]")])
}

fn port() -> Drawn {
    one_of(&[
        "80",
        "080",
        "8000-8010",
        "90-80",
        "80-80",
        "53 / udp",
        "1-2 / sctp",
        "http",
        "\"open\"",
        "\"Odd\"",
    ])
}

/// What may stand first behind `each`: no word of the language behind `namespace`.
fn group() -> Drawn {
    prop_oneof![
        2 => one_of(&["namespace shop", "namespace \"open\"", "namespace team-*", "team-*", "*"]),
        1 => chain(vec![just("namespaces"), filter()]),
        1 => chain(vec![just("("), one_of(&["team-* except team-x", "namespace open , shop"]), just(")")]),
    ]
    .boxed()
}

fn atom(depth: usize) -> Drawn {
    let plain = one_of(&[
        "web",
        "http",
        "ping",
        "\"web\"",
        "\"open\"",
        "\"3scale\"",
        "\"\"",
        "shop / web",
        "\"open\" / open",
        "team-* / web",
        "* / \"Web\"",
        "workload web",
        "service shop / web",
        "deployment team-* / web",
        "job job / job",
        "serviceaccount \"a_b\" / open",
        "pod \"pod\"",
        "namespace shop",
        "namespace isolated",
        "namespace team-*",
        "kube-*",
        "anyone",
        "pods",
        "nodes",
        "apiserver",
        "dns",
        "internet",
        "anywhere",
        "10.0.0.0/8",
        "203.0.113.7",
        "2001:db8::/32",
        "2001:DB8:0::1",
        "::1",
        "::/0",
        "::10.1.2.3",
        "api.stripe.com",
        "*.stripe.com",
        "1password.com",
    ]);
    let namespaces = chain(vec![just("namespaces"), filter()]);
    if depth == 0 {
        return prop_oneof![9 => plain, 1 => namespaces].boxed();
    }
    let grouped = chain(vec![just("("), set(depth - 1), just(")")]);
    prop_oneof![9 => plain, 1 => namespaces, 2 => grouped].boxed()
}

fn operand(depth: usize) -> Drawn {
    let port = chain(vec![just(":"), prop_oneof![4 => port(), 1 => just("open")].boxed()]);
    chain(vec![atom(depth), maybe(1, filter()), maybe(1, filter()), maybe(1, port)])
}

fn narrowed(depth: usize) -> Drawn {
    chain(vec![operand(depth), one_of(&["except", "in"]), operand(depth)])
}

fn set(depth: usize) -> Drawn {
    prop_oneof![4 => operand(depth), 1 => narrowed(depth), 2 => listed(operand(depth), 4)].boxed()
}

/// Clauses in any order.
fn clauses(of_let: bool) -> Drawn {
    let absent = maybe(1, one_of(&["if present", "even if absent"]));
    if of_let {
        return absent;
    }
    let until = maybe(1, just("until 2027-01-31"));
    let because = maybe(
        1,
        one_of(&["because \"\"", "because \"#:;{}\"", "because \"bücher\""])
            .prop_flat_map(|words| prop_oneof![Just(words.clone()), Just(vec![
                words[0].clone(),
                "\"a reason that goes on for so long that no line has room for it and for all that is said before it\""
                    .to_owned()
            ])])
            .boxed(),
    );
    (absent, until, because)
        .prop_flat_map(|(absent, until, because)| Just(vec![absent, until, because]).prop_shuffle())
        .prop_map(|clauses| clauses.concat())
        .boxed()
}

fn sentence() -> Drawn {
    let posture = one_of(&["isolated", "locked", "open", "locked for ingress", "isolated for egress"]);
    let each = prop_oneof![
        1 => just("namespace"),
        2 => group(),
        1 => chain(vec![group(), just(","), listed(operand(1), 3)]),
        1 => chain(vec![group(), just("except"), operand(1)]),
    ];
    let verb = one_of(&[
        "may reach",
        "may only reach",
        "may ping",
        "may \"ping\"",
        "must not reach",
        "must reach",
        "reaches",
        "cannot reach",
    ]);
    let on = chain(vec![just("on"), listed(port(), 3)]);
    let request = one_of(&["GET \"/v1/*\"", "POST \"/v1/orders\"", "PATCH \"*\""]);
    let over = chain(vec![just("over http"), listed(request, 3)]);
    let rest = chain(vec![set(2), maybe(1, on), maybe(1, over)]);
    let kind = prop_oneof![
        1 => chain(vec![set(2), posture.clone()]),
        1 => chain(vec![just("each"), each.boxed(), posture]),
        3 => chain(vec![set(2), verb, rest.clone()]),
        1 => chain(vec![just("only"), set(2), just("may reach"), rest]),
    ];
    chain(vec![kind.boxed(), clauses(false), just(";")])
}

fn statement(depth: usize) -> Drawn {
    let export = || maybe(1, just("export"));
    let name = || one_of(&["office", "http", "\"open\"", "\"A_B\""]);
    let partition = one_of(&[
        "namespaces by team",
        "namespaces by \"open\"",
        "namespaces by \"Team\"",
        "namespaces by kubernetes / open",
        "namespaces by app.kubernetes.io / part-of",
        "namespaces by \"a.b/c\"",
        "namespaces by \"a.b\"",
    ]);
    let value = prop_oneof![4 => set(2), 1 => partition];
    let module =
        one_of(&["nets", "open", "common.nets", "std.zero-trust", "\"common.nets\"", "\"A.b\"", "\"1.2\""]);
    let argument = prop_oneof![3 => operand(2), 1 => narrowed(1), 1 => one_of(&["80", "80-90", "53 / udp"])];
    let arguments = maybe(9, listed(argument.boxed(), 4));
    let leaf = prop_oneof![
        8 => sentence(),
        2 => chain(vec![export(), just("let"), name(), just("="), value.boxed(), clauses(true), just(";")]),
        1 => chain(vec![just("use"), module, just(";")]),
        1 => chain(vec![just("apply"), one_of(&["three-tier", "open", "\"A\""]), just("("), arguments, just(") ;")]),
    ];
    if depth == 0 {
        return leaf.boxed();
    }
    let in_group = chain(vec![just("in each"), prop_oneof![1 => just("namespace"), 3 => group()].boxed()]);
    let block = prop_oneof![
        2 => one_of(&["in namespace shop", "in namespace open", "in namespace \"3scale\""]),
        1 => in_group,
        1 => one_of(&["in cluster prod-eu", "in cluster cluster", "in cluster \"A\""]),
        1 => chain(vec![just("in clusters"), filter()]),
    ];
    let param = chain(vec![name(), maybe(1, one_of(&[": port", ": open", ": \"A\""]))]);
    let policy = chain(vec![
        export(),
        just("policy"),
        one_of(&["three-tier", "open", "\"A_b\""]),
        just("("),
        maybe(9, listed(param, 3)),
        just(")"),
    ]);
    let test = one_of(&["test \"checkout\"", "test \"\""]);
    let head = prop_oneof![3 => block, 1 => policy, 1 => test];
    let body = prop::collection::vec(statement(depth - 1), 0..4).prop_map(|parts| parts.concat()).boxed();
    prop_oneof![2 => leaf, 1 => chain(vec![head.boxed(), just("{"), body, just("}")])].boxed()
}

pub fn file() -> Drawn {
    prop::collection::vec(statement(2), 0..6).prop_map(|parts| parts.concat()).boxed()
}

/// What stands between words, to be used over and over; some files have comments anywhere, some have none.
pub fn spaces() -> BoxedStrategy<Vec<String>> {
    const PLAIN: &[&str] = &["", "", "", "", " ", " ", " ", "\n", "\n\n\n", "\t", "\r\n", "\r\n\r\n"];
    const COMMENTS: &[&str] = &[
        "# one\n",
        " # two  \r\n",
        "\n# three\n\n",
        "\n\n  # weir: allow(W0102) because \"four\"\n",
        "#\n",
        "# a\r# b\n",
        " # \"five ; { [\n # six\n\n\n # seven\n",
    ];
    let plain = || prop::sample::select(PLAIN).prop_map(str::to_owned);
    let comment = || prop::sample::select(COMMENTS).prop_map(str::to_owned);
    prop_oneof![
        1 => prop::collection::vec(plain(), 1..200),
        2 => prop::collection::vec(prop_oneof![25 => plain(), 1 => comment()], 1..200),
        1 => prop::collection::vec(prop_oneof![3 => plain(), 1 => comment()], 1..200),
    ]
    .boxed()
}

/// The words with these spaces between them, and one more where two words would be one.
pub fn join(words: &[String], spaces: &[String]) -> String {
    let mut spaces = spaces.iter().cycle();
    let mut text = spaces.next().cloned().unwrap_or_default();
    for word in words {
        let last = text.chars().next_back().unwrap_or(' ');
        let is_wordy = |c: char| c.is_alphanumeric() || matches!(c, '"' | '*' | '-' | '_' | '.');
        let first = word.chars().next().unwrap_or(' ');
        // `2001:db8::1` and a port, or `a` and `::1`, would be one address.
        if is_wordy(last) && (is_wordy(first) || first == ':') || last == ':' {
            text.push(' ');
        }
        text += word;
        text += spaces.next().map_or("", String::as_str);
    }
    text
}
