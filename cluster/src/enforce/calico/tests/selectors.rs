//! The language of selectors: what is one, what each means, and where the fault is in what is none.

use super::super::selector::parse;
use super::*;

/// The pods and addresses of the test's cluster that one selector finds, as the source of a rule for everyone.
#[track_caller]
fn selected(selector: &str) -> String {
    let policies = [
        object("GlobalNetworkPolicy p", &format!(
            "namespaceSelector: all()\ntypes: [Ingress]\ningress: [{{action: Allow, source: {{selector: {selector:?}}}}}]"
        )),
        set("NetworkSet shop/inner", "app: net, zone: eu-1", "9.0.0.0/8"),
        set("GlobalNetworkSet outer", "app: web, zone: us-1", "192.0.2.0/24"),
    ]
    .concat();
    cluster(&policies).sources("data/db", "80").join(" ")
}

#[test]
fn what_selectors_mean() {
    let pods = "shop/web shop/db shop/new data/web data/db";
    let table = [
        ("all()", format!("{pods} doc")),
        ("global()", "!".to_owned()),
        ("app == 'web'", "shop/web data/web doc".to_owned()),
        ("app==\"web\"", "shop/web data/web doc".to_owned()),
        ("app != 'web'", "shop/db shop/new data/db".to_owned()),
        ("has(app)", "shop/web shop/db data/web data/db doc".to_owned()),
        ("!has(app)", "shop/new".to_owned()),
        ("! ! has( app )", "shop/web shop/db data/web data/db doc".to_owned()),
        ("app in {'web', 'x'}", "shop/web data/web doc".to_owned()),
        ("app in{'web',}", "shop/web data/web doc".to_owned()),
        ("app in {}", String::new()),
        ("app not in {}", format!("{pods} doc")),
        ("app not  in {'web'}", "shop/db shop/new data/db".to_owned()),
        ("app notin {'web', 'db'}", "shop/new".to_owned()),
        ("app contains 'e'", "shop/web data/web doc".to_owned()),
        ("app starts with 'd'", "shop/db data/db".to_owned()),
        ("app ends  with 'b' && has(tier)", "shop/db".to_owned()),
        ("!app contains 'e'", "shop/db shop/new data/db".to_owned()),
        ("app == 'db' && tier == 'data' || zone starts with 'us'", "shop/db doc".to_owned()),
        ("app == 'db' && (tier == 'data' || zone starts with 'us')", "shop/db".to_owned()),
        ("!(app == 'db' || app == 'web')", "shop/new".to_owned()),
        ("!app == 'db' && has(tier)", String::new()),
        ("projectcalico.org/namespace == 'shop'", "shop/web shop/db shop/new".to_owned()),
        ("!has(projectcalico.org/namespace)", "doc".to_owned()),
        ("projectcalico.org/orchestrator == 'k8s'", pods.to_owned()),
        ("projectcalico.org/serviceaccount in {'web'}", "shop/web data/web".to_owned()),
        ("projectcalico.org/namespace ends with 'ta'", "data/web data/db".to_owned()),
        ("pcns.kind == 'front'", "shop/web shop/db shop/new".to_owned()),
        ("pcns.projectcalico.org/name == 'data'", "data/web data/db".to_owned()),
        ("pcsa.projectcalico.org/name == 'db'", "shop/db data/db".to_owned()),
        ("pcsa.team == 'a'", String::new()),
        ("has(has)", String::new()),
        ("has == 'x' || all == 'y' || in in {'z'}", String::new()),
    ];
    for (selector, expected) in table {
        if expected == "!" {
            assert!(parse(selector).is_ok());
            continue;
        }
        assert_eq!(selected(selector), expected, "{selector}");
    }
}

#[test]
fn labels_of_service_accounts_are_not_known() {
    let policy = |selector: &str| {
        object(
            "GlobalNetworkPolicy p",
            &format!(
                "namespaceSelector: all()\ntypes: [Ingress]\ningress: [{{action: Allow, source: {{selector: {selector:?}}}}}]"
            ),
        )
    };
    let unknown = cluster(&policy("pcsa.team == 'a'"));
    assert_eq!(unknown.unsure_sources("data/db", "80").len(), 5);
    let negated = cluster(&policy("!(pcsa.team == 'a') && app == 'web'"));
    assert_eq!(negated.unsure_sources("data/db", "80"), ["shop/web", "data/web"]);
    let profile = object("Profile ksa.shop.web", "labelsToApply: {pcsa.team: a}");
    let known = cluster(&(policy("pcsa.team == 'a'") + &profile));
    assert_eq!(known.sources("data/db", "80"), ["shop/web"]);
    assert_eq!(known.unsure_sources("data/db", "80").len(), 4);
}

#[test]
fn faults_have_a_column() {
    let deep = format!("{}has(a){}", "(".repeat(65), ")".repeat(65));
    let long = format!("has({})", "a".repeat(513));
    let table = [
        ("app = 'web'", 5, "`==`"),
        ("app == web", 8, "quotes"),
        ("app == 'web", 8, "no ' at its end"),
        ("app", 4, "has(label)"),
        ("app 'x'", 5, "operator"),
        ("app is 'x'", 5, "operator has to follow"),
        ("app starts 'x'", 5, "operator has to follow"),
        ("app in 'x'", 8, "set"),
        ("app in {'x' 'y'}", 13, "commas"),
        ("app in {,}", 9, "commas"),
        ("app in {'x'", 12, "`}`"),
        ("has(app", 8, "`)`"),
        ("has()", 5, "name of a label"),
        ("all(x)", 5, "`)`"),
        ("has(a) has(b)", 8, "`&&`"),
        ("has(a) && ", 11, "missing"),
        ("has(a) & has(b)", 8, "`&&`"),
        ("has(a) | has(b)", 8, "`||`"),
        ("(has(a)", 8, "`)` is missing"),
        ("has(a))", 7, "closes nothing"),
        ("()", 2, "expression"),
        ("!", 2, "missing"),
        ("!= 'x'", 1, "expression"),
        ("ä == 'x'", 1, "no meaning"),
        ("'ä' == 'x'", 1, "expression"),
        ("a == 'ä' b", 10, "`&&`"),
        ("a == 'x'\n", 9, "no meaning"),
        (&deep, 65, "64 deep"),
        (&long, 5, "512"),
    ];
    for (selector, column, words) in table {
        let error = parse(selector).expect_err(selector);
        assert_eq!(error.column, column, "{selector}: {}", error.message);
        assert!(error.message.contains(words), "{selector}: {}", error.message);
        assert!(!error.message.ends_with('.') && !error.message.starts_with(char::is_uppercase));
    }
    let near = format!("{}has(a){}", "(".repeat(64), ")".repeat(64));
    assert!(parse(&near).is_ok());
    assert!(parse(&format!("{}has(a)", "!".repeat(100_000))).is_ok());
    assert!(parse(&"(".repeat(1_000_000)).is_err());
    for empty in ["", " \t"] {
        assert_eq!(parse(empty), Ok(super::super::selector::Selector::All));
    }
}
