//! The diagnostics of several clusters as one report: what is said of several of them is said once, with their names.

use std::collections::BTreeSet;

use rustc_hash::FxHashMap;

use super::{Diagnostic, sort};
use crate::codes::Code;

/// What is true of a program only if it is so in every cluster: a comment may allow what one of them shows.
const OF_ALL: &[Code] = &[Code::W0126];

/// Joins the diagnostics of a run's clusters. What is said of every one of them names none.
pub fn merge(mut of_clusters: Vec<(String, Vec<Diagnostic>)>) -> Vec<Diagnostic> {
    let all = of_clusters.len();
    if let [(_, diagnostics)] = of_clusters.as_mut_slice() {
        return sorted(std::mem::take(diagnostics));
    }
    let mut clusters_of: FxHashMap<Diagnostic, BTreeSet<String>> = FxHashMap::default();
    for (cluster, diagnostics) in of_clusters {
        for diagnostic in diagnostics {
            clusters_of.entry(diagnostic).or_default().insert(cluster.clone());
        }
    }
    let merged = clusters_of
        .into_iter()
        .filter(|(diagnostic, clusters)| clusters.len() == all || !OF_ALL.contains(&diagnostic.code))
        .map(|(mut diagnostic, clusters)| {
            if clusters.len() < all {
                diagnostic.clusters = clusters.into_iter().collect();
            }
            diagnostic
        })
        .collect();
    sorted(merged)
}

/// In an order that depends on nothing but what is said.
fn sorted(mut merged: Vec<Diagnostic>) -> Vec<Diagnostic> {
    // Hash maps have no order, and what differs in its notes alone has one place and message.
    merged.sort_by(|a, b| {
        a.clusters.cmp(&b.clusters).then_with(|| (&a.notes, &a.help).cmp(&(&b.notes, &b.help)))
    });
    sort(&mut merged);
    merged
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::source::{FileId, Place};
    use weir_grammar::Span;

    fn said(at: u32, message: &str) -> Diagnostic {
        let place = Place { file: FileId(0), span: Span { start: at, end: at + 1 } };
        Diagnostic::error(Code::E0201, message).at(place, "here")
    }

    fn told(of_clusters: &[(&str, Vec<Diagnostic>)]) -> Vec<(String, Vec<String>)> {
        let of_clusters = of_clusters.iter().map(|(name, list)| ((*name).to_owned(), list.clone())).collect();
        merge(of_clusters).into_iter().map(|said| (said.message, said.clusters)).collect()
    }

    fn entry(message: &str, clusters: &[&str]) -> (String, Vec<String>) {
        (message.to_owned(), clusters.iter().map(|name| (*name).to_owned()).collect())
    }

    #[test]
    fn the_same_is_said_once() {
        let of_clusters = [
            ("b", vec![said(5, "in two"), said(1, "in all")]),
            ("a", vec![said(1, "in all"), said(5, "in two"), said(9, "in one")]),
            ("c", vec![said(1, "in all")]),
        ];
        let expected = [entry("in all", &[]), entry("in two", &["a", "b"]), entry("in one", &["a"])];
        assert_eq!(told(&of_clusters), expected);
    }

    #[test]
    fn what_differs_in_anything_is_said_apart() {
        let other = said(1, "same").with_note("exposes 80");
        let told = told(&[("a", vec![said(1, "same")]), ("b", vec![other])]);
        assert_eq!(told, [entry("same", &["a"]), entry("same", &["b"])]);
    }

    #[test]
    fn what_one_cluster_makes_use_of_is_used() {
        let unused = Diagnostic { code: Code::W0126, ..said(1, "unused") };
        assert_eq!(told(&[("a", vec![unused.clone()]), ("b", vec![])]), []);
        assert_eq!(told(&[("a", vec![unused.clone()]), ("b", vec![unused])]), [entry("unused", &[])]);
    }

    #[test]
    fn one_cluster_is_not_named() {
        assert_eq!(told(&[("a", vec![said(1, "x"), said(1, "x")])]), [entry("x", &[])]);
        assert_eq!(told(&[]), []);
    }

    #[test]
    fn order_is_that_of_places() {
        let (first, second) = (("a", vec![said(7, "late")]), ("b", vec![said(2, "early")]));
        let expected = [entry("early", &["b"]), entry("late", &["a"])];
        assert_eq!(told(&[first.clone(), second.clone()]), expected);
        assert_eq!(told(&[second, first]), expected);
    }
}
