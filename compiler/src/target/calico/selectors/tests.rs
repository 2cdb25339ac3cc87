//! Spelling, overlaps of patterns, and selectors that are taken apart.

use super::*;

fn label(key: &str) -> Key {
    Key::Label(key.into())
}

fn texts(values: &[&str]) -> Vec<Text> {
    values.iter().map(|value| Text::from(*value)).collect()
}

fn spelled(key: Key, constraint: Constraint) -> String {
    term(&key, &constraint).unwrap_or_default()
}

#[test]
fn absent_labels_are_as_in_kubernetes() {
    let not_x = Constraint::outside(texts(&["x"]));
    assert_eq!(spelled(label("a"), Constraint::is("x".into())), "a == 'x'");
    assert_eq!(spelled(label("a"), Constraint::within(texts(&["x", "y"]))), "a in {'x', 'y'}");
    assert_eq!(spelled(label("a"), not_x.clone()), "a != 'x'");
    assert_eq!(spelled(label("a"), Constraint::outside(texts(&["x", "y"]))), "a not in {'x', 'y'}");
    assert_eq!(spelled(label("a"), Constraint::exists()), "has(a)");
    assert_eq!(spelled(label("a"), Constraint::absent()), "!has(a)");
    assert_eq!(spelled(label("a"), Constraint::exists().and(&not_x)), "has(a) && a != 'x'");
    assert_eq!(spelled(label("a"), Constraint::is("".into())), "a == ''");
}

#[test]
fn accounts_and_names_are_never_absent() {
    let not_x = Constraint::exists().and(&Constraint::outside(texts(&["x"])));
    assert_eq!(spelled(Key::ServiceAccount, not_x.clone()), "projectcalico.org/serviceaccount != 'x'");
    assert_eq!(spelled(Key::namespace_name(), not_x), "projectcalico.org/name != 'x'");
}

#[test]
fn patterns() {
    let name = |pattern: &str| Key::NameMatches(pattern.into());
    assert_eq!(spelled(name("team-*"), Constraint::exists()), "projectcalico.org/name starts with 'team-'");
    assert_eq!(spelled(name("*-dev"), Constraint::absent()), "!(projectcalico.org/name ends with '-dev')");
    assert_eq!(term(&name("*"), &Constraint::exists()), None);
    assert_eq!(
        spelled(name("ab*ba"), Constraint::exists()),
        "projectcalico.org/name starts with 'ab' && projectcalico.org/name ends with 'ba' \
         && projectcalico.org/name != 'aba'"
    );
}

#[test]
fn names_that_are_written_out_need_no_pattern() {
    let names = Constraints::one(Key::namespace_name(), Constraint::within(texts(&["team-a", "x"])));
    let both = names.with(Key::NameMatches("team-*".into()), Constraint::exists()).unwrap();
    assert_eq!(namespaces(&both), "projectcalico.org/name == 'team-a'");
}

#[test]
fn overlaps_are_the_texts_that_are_too_short() {
    let all = |start: &str, end: &str| -> Vec<String> {
        overlaps(start, end).iter().map(ToString::to_string).collect()
    };
    assert_eq!(all("ab", "cd"), [""; 0]);
    assert_eq!(all("aa", "aa"), ["aa", "aaa"]);
    assert_eq!(all("team-", "-team-"), ["team-team-"]);
    assert_eq!(all("ab", "b"), ["ab"]);
    for (start, end) in [("aba", "bab"), ("aa", "aab"), ("abab", "ab"), ("a", "ba"), ("bb", "a")] {
        let found = overlaps(start, end);
        // Every text over two letters that is too short for both.
        for length in 0..start.len() + end.len() {
            for bits in 0..1u32 << length {
                let text: String =
                    (0..length).map(|at| if bits >> at & 1 == 0 { 'a' } else { 'b' }).collect();
                let too_short = text.starts_with(start) && text.ends_with(end);
                assert_eq!(found.contains(text.as_str()), too_short, "{start}*{end} {text}");
            }
        }
    }
}

#[test]
fn long_lists_are_taken_apart() {
    let values: Vec<Text> = (0..500).map(|at| Text::from(format!("workload-{at:04}"))).collect();
    let long = Constraints::one(label("app"), Constraint::within(values.clone()));
    let in_namespaces = Conjunction { namespaces: long.clone(), pods: Constraints::default() };
    let in_pods = Conjunction { namespaces: Constraints::default(), pods: long };
    for whole in [in_namespaces, in_pods] {
        let parts = of(&whole).unwrap();
        assert!(parts.len() > 5 && parts.len() < 20, "{}", parts.len());
        assert!(parts.iter().all(|part| part.namespaces.len().max(part.pods.len()) <= LONGEST));
        let holds = |part: &&Selectors, value: &str| (part.namespaces.clone() + &part.pods).contains(value);
        for value in &values {
            assert_eq!(parts.iter().filter(|part| holds(part, value)).count(), 1);
        }
        let (homes, pods) = shortest(&whole);
        assert!(homes < 100 && pods < 100);
        assert_eq!(surely_short(&whole), None);
    }
}

#[test]
fn what_leaves_out_too_much_has_no_selector() {
    let values = (0..500).map(|at| Text::from(format!("namespace-{at:04}")));
    let homes = Constraints::one(Key::namespace_name(), Constraint::outside(values));
    let all_but = Conjunction { namespaces: homes, pods: Constraints::default() };
    assert_eq!(of(&all_but), None);
    assert!(!fit_together(shortest(&all_but), (0, 0)));
}

#[test]
fn what_is_surely_short_is_short() {
    let constraints = [
        Constraint::is("x".into()),
        Constraint::exists().and(&Constraint::outside(texts(&["x", "yy"]))),
        Constraint::absent(),
        Constraint::within(texts(&["x", "yy", "zzz"])),
    ];
    for one in &constraints {
        for other in &constraints {
            let pods = Constraints::one(label("k"), one.clone()).with(Key::ServiceAccount, other.clone());
            let homes = Constraints::one(Key::namespace_name(), other.clone()).with(label("t"), one.clone());
            let set = Conjunction { namespaces: homes.unwrap(), pods: pods.unwrap() };
            let (homes, pods) = surely_short(&set).unwrap();
            let [spelled] = of(&set).unwrap().try_into().unwrap();
            assert!(spelled.namespaces.len() <= homes && spelled.pods.len() <= pods, "{spelled:?}");
        }
    }
}
