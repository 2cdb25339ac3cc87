//! What is told of the word at the cursor.

use super::*;
use crate::ide::fixture::{fixture, fixture_for};
use crate::target::Target;

fn shown(text: &str) -> Option<(String, String)> {
    let fixture = fixture(text);
    let desk = fixture.desk();
    let Hover { span, markdown } = hover(&desk, fixture.offset)?;
    Some((desk.text()[span.range()].to_owned(), markdown))
}

fn told(text: &str) -> String {
    shown(text).unwrap_or_else(|| panic!("nothing is told of {text}")).1
}

#[test]
fn things_are_what_they_are_today() {
    let (word, text) = shown("we$0b may reach api:80;\nnamespace shop locked for ingress;").unwrap();
    assert_eq!(word, "web");
    assert_eq!(
        text,
        "\
`shop/web`: deployment and service

- labels: `app=web`, `tier=front`
- selector: `app=web`
- ports of its pods: `http 8080/tcp`
- service ports: `http 80 → 8080/tcp`
- guarded for ingress by `main.weir:2`, not guarded for egress
- nobody may reach this
- this may reach everyone
- read in `cluster.yaml:18`"
    );
    let text = told("shop/a$0pi locked;\nweb may reach api:80;");
    assert!(text.contains("- service account: `api`"), "{text}");
    assert!(text.contains("- guarded both ways by `main.weir:1`"), "{text}");
    assert!(text.contains("- 1 may reach this: `shop/web` (3000/tcp)"), "{text}");
    assert!(text.contains("- this may reach 1: `kube-system/coredns` (53/tcp, 53/udp)"), "{text}");
    assert!(told("d$0b may reach api;").contains("- not guarded\n- everyone may reach this"));
}

#[test]
fn namespaces_are_what_is_in_them() {
    assert_eq!(
        told("namespace sh$0op isolated;"),
        "\
`shop`: namespace

- labels: `kind=tenant`, `team=web`
- 2 workloads, 2 services
- guarded both ways by `main.weir:1`
- read in `cluster.yaml:1`"
    );
    assert!(told("da$0ta/db locked;").starts_with("`data`: namespace"));
}

#[test]
fn names_of_the_program_are_what_they_stand_for() {
    assert_eq!(
        told("# Behind the front.\nlet back = api, db;\nba$0ck locked;"),
        "```weir\nlet back = api, db;\n```\n\nBehind the front.\n\ntoday: 2 workloads"
    );
    assert!(told("let of$0fice = 203.0.113.0/24;").ends_with("today: 203.0.113.0/24"));
    let other =
        told("use nets;\nof$0fice may reach web:80;\n-- nets.weir --\nexport let office = 203.0.113.0/24;");
    assert!(other.ends_with("of `nets.weir:1`"), "{other}");
    let policy = "# Closed.\npolicy shut(who, port) { who locked; web may reach who:port; }\n";
    let text = told(&format!("{policy}apply sh$0ut(db, 5432);"));
    assert_eq!(text, "```weir\npolicy shut(who: pods, port: port)\n```\n\nClosed.\n\n2 sentences");
    let text = told(&policy.replace("{ who", "{ w$0ho"));
    assert_eq!(text, "`who`: parameter of `shut`\n\n`pods`, workloads, services, namespaces, labels");
    assert!(told(&policy.replace("(who", "(w$0ho")).starts_with("`who`: parameter"));
    assert!(told(&policy.replace("who, port", "who: po$0ds, port")).starts_with("`pods`: workloads"));
    assert!(told("use std.kuber$0netes;").starts_with("module `std.kubernetes`"));
}

#[test]
fn labels_say_who_has_them() {
    assert_eq!(
        told("namespace shop[ti$0er=front] locked;"),
        "`tier`: label of pods\n\n- 2 workloads\n- values: `back` (1 workload), `front` (1 workload)"
    );
    assert_eq!(told("namespace shop[tier=fr$0ont] locked;"), "`tier=front`: 1 workload\n\n`shop/web`");
    assert_eq!(told("namespaces[kind=ten$0ant] locked;"), "`kind=tenant`: 2 namespaces\n\n`data`, `shop`");
    assert_eq!(
        told("namespaces[ki$0nd=tenant] locked;"),
        "`kind`: label of namespaces\n\n- 2 namespaces\n- values: `tenant` (2 namespaces)"
    );
    assert_eq!(told("mon$0*/prometheus locked;"), "`mon*`: 1 namespace\n\n`monitoring`");
    assert_eq!(
        told("serviceaccount shop/a$0pi may reach db;"),
        "`api`: service account, 1 workload\n\n`shop/api`"
    );
}

#[test]
fn ports_are_what_pods_see() {
    assert_eq!(
        told("web may reach api:8$00;"),
        "port `80`\n\n- `shop/api`: service port `http 80 → 3000/tcp`, pod port `3000/tcp`"
    );
    assert_eq!(
        told("prometheus may reach api:met$0rics;"),
        "port `metrics`\n\n- `shop/api`: pod port `9090/tcp`"
    );
    assert_eq!(told("web may reach internet on htt$0ps;"), "port `https`\n\n- `internet`: port `443/tcp`");
}

#[test]
fn addresses_are_counted() {
    assert_eq!(told("web may reach 10.0.$00.0/8;"), "`10.0.0.0/8`: 16777216 addresses, private");
    assert_eq!(told("web may reach 203.0.113.$07;"), "`203.0.113.7`: one address, of the internet");
    assert!(told("web may reach 2001:d$0b8::/32;").contains("2^96 addresses"));
    assert!(
        told("web may reach *.str$0ipe.com;").contains("The target `networkpolicy` cannot grant host names.")
    );
}

#[test]
fn sentences_say_what_they_open() {
    let text = told("db locked;\nweb, api may re$0ach db:5432 because \"orders\";");
    assert!(
        text.starts_with(
            "opens 2 workloads → 1 workload on 5432/tcp\n\n\
             The source is not guarded for egress: it makes rules at the destination alone.\n\n\
             because: orders\n\n\
             A grant: every source may reach every destination."
        ),
        "{text}"
    );
    assert!(text.contains("[more](weir:/docs/language.md#grants)\n\n---\n\n```yaml\napiVersion"), "{text}");
    assert!(text.ends_with("\n```"), "{text}");
    let idle = told("web m$0ay reach db:5432;");
    assert!(idle.contains("Neither end is guarded: these flows are open anyway."), "{idle}");
    assert!(idle.ends_with("`db locked for ingress;` would make it one."), "{idle}");
    assert!(told("namespace shop loc$0ked;").starts_with("guards 2 workloads both ways\n\n"));
    assert!(told("namespace shop locked for ing$0ress;").starts_with("guards 2 workloads for ingress\n\n"));
    assert!(told("on$0ly web may reach api:80;").starts_with("opens 1 workload → 1 workload on 3000/tcp"));
    assert!(
        told("web must n$0ot reach internet;").starts_with("forbids 1 workload → internet on every port")
    );
    assert!(told("web may reach db:5432 until 2026-0$01-01;").starts_with("It ended on 2026-01-01"));
    assert!(!told("test \"a\" { web rea$0ches db:5432; }").contains("yaml"));
}

#[test]
fn what_is_long_is_cut() {
    let text = told("each namespace iso$0lated;");
    assert!(text.ends_with("```\n\nThe rest of its objects is cut off here."), "{text}");
    assert_eq!(
        text.lines().skip_while(|line| *line != "```yaml").take_while(|line| *line != "```").count(),
        61
    );
}

#[test]
fn words_of_the_language_say_what_they_mean() {
    for (text, word, begins) in [
        ("inte$0rnet may reach web:80;", "internet", "Every address"),
        ("web may reach dn$0s;", "dns", "The cluster's DNS"),
        ("web may reach mobile:80 if pre$0sent;", "if present", "What matches nothing"),
        ("web may reach mobile:80 even i$0f absent;", "even if absent", "Compiled although"),
        ("in name$0space shop { web locked; }", "in namespace", "Bare names"),
        ("l$0et a = web;", "let", "Names a set"),
        ("a except$0", "except", "Those of the first"),
        ("web may only$0", "only", "Guards the object"),
        ("web must not reach$0", "must not reach", "A guardrail"),
    ] {
        let (found, text) = shown(text).unwrap_or_else(|| panic!("{text}"));
        assert_eq!(found, word);
        assert!(text.starts_with(begins), "{text}");
    }
    assert!(told("any$0one may reach web:80;").ends_with("today: 5 workloads"));
}

#[test]
fn every_section_is_in_the_reference() {
    let section = |line: &str| {
        let title = line.trim_start_matches('#').trim();
        title.to_lowercase().replace(' ', "-")
    };
    let sections: Vec<String> = REFERENCE.lines().filter(|line| line.starts_with('#')).map(section).collect();
    words::sections().for_each(|name| assert!(sections.iter().any(|known| known == name), "{name}"));
    let fixture = fixture("");
    words::all().for_each(|word| assert!(words::of(word, &fixture.desk()).is_some(), "{word}"));
}

#[test]
fn allowed_lints_are_told() {
    let text = told("# weir: allow(W01$002) because \"a\"\nweb may reach api;");
    assert!(
        text.starts_with("**W0102** (`grant-without-port`): a grant without ports\n\nWithout ports a grant"),
        "{text}"
    );
    assert!(text.ends_with("[more](weir:/errors/W0102.md)"));
    assert_eq!(
        shown("# weir: allow(idle-gr$0ant) because \"a\"\nweb may reach api;").unwrap().0,
        "idle-grant"
    );
    assert!(told("# we$0ir: allow(W0101) because \"a\"\nweb locked;").starts_with("Allows a lint"));
    assert_eq!(shown("# web$0 and more\nweb locked;"), None);
}

#[test]
fn half_written_sentences_are_told_by_their_words() {
    assert!(told("shop/we$0b may").starts_with("`shop/web`: deployment"));
    assert!(told("sh$0op/web may").starts_with("`shop`: namespace"));
    assert!(told("db$0").starts_with("`data/db`: statefulset and service"));
    assert!(told("let back = api;\nba$0ck may").contains("let back = api;"));
    assert!(told("db loc$0ked for").starts_with("Guards both ways"));
    assert_eq!(shown("web may reach nothing$0"), None);
}

#[test]
fn names_are_no_words_of_the_language() {
    for text in [
        "namespace te$0st locked;",
        "ingr$0ess may reach web;",
        "we$0ir may reach web;",
        "api.op$0en.com may",
        "namespace shop[op$0en] may",
        "web may reach anyone[tier=op$0en",
        "web may reach 10.0.0.0/8:op$0en",
        "web locked because \"op$0en",
    ] {
        assert_eq!(shown(text), None, "{text}");
    }
    assert!(told("namespace shop[tier i$0n (back)] locked;").starts_with("The label has one"));
    assert!(told("web closed for ingr$0ess").starts_with("Guards what enters"));
}

#[test]
fn half_written_names_are_looked_up_where_they_stand() {
    assert!(told("in namespace data { d$0b may }").starts_with("`data/db`"));
    assert_eq!(shown("in namespace shop { d$0b may }"), None);
    assert_eq!(shown("in namespace nowhere { d$0b may }"), None);
}

#[test]
fn sentences_say_why_and_whom_they_leave_open() {
    let text = told("db locked;\nweb, db may re$0ach api:80 because \"so\";");
    assert!(text.contains("Some of the sources are not guarded for egress"), "{text}");
    assert!(text.contains("\n\nbecause: so\n\n"), "{text}");
    let text = told("db locked;\nweb may re$0ach db:5432;");
    assert!(!text.contains("Some of"), "{text}");
    let text = told("db locked;\nweb may reach db:5432;\nweb may pi$0ng db;");
    assert!(text.starts_with("opens 1 workload → 1 workload by ping"), "{text}");
}

#[test]
fn what_is_no_pod_is_told_of_too() {
    assert!(told("nod$0es may reach web:80;").ends_with("today: the inventory shows none"));
    let cluster = "\n-- cluster.yaml --\napiVersion: v1\nkind: Node\nmetadata: { name: a }\n---\napiVersion: v1\nkind: Endpoints\nmetadata: { name: kubernetes, namespace: default }\nsubsets: [{ addresses: [{ ip: 192.0.2.1 }], ports: [{ port: 6443 }] }]\n---\napiVersion: v1\nkind: Service\nmetadata: { name: kubernetes, namespace: default }\nspec: { ports: [{ port: 443 }] }";
    assert!(told(&format!("nod$0es may reach apiserver;{cluster}")).ends_with("today: 1 node"));
    assert!(told(&format!("nodes may reach apis$0erver;{cluster}")).ends_with("today: `192.0.2.1`"));
}

#[test]
fn nothing_fails() {
    for text in
        ["$0", "\r\n# größ$0er\r\n", "web because \"a te$0xt", "ü$0", "web may reach db;$0", "[$0", "é/$0b"]
    {
        let _ = shown(text);
    }
    let text = "in namespace shop {\r\n  # ä\r\n  pods locked; web may reach api:80 over http GET \"/\"; }\r\npolicy p(a) { a locked; }\r\napply p(x/y, [";
    let fixture = fixture_for(text, Target::Cilium);
    let unknown = Desk::new(&fixture.workspace, 0, fixture.file, None);
    for offset in 0..=text.len() as u32 + 2 {
        let _ = (hover(&fixture.desk(), offset), hover(&unknown, offset));
    }
}
