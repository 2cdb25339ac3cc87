//! NetworkPolicy (networking.k8s.io/v1): from a bound relation to objects.

mod objects;

pub use k8s_openapi::api::networking::v1::NetworkPolicy;
pub(super) use objects::part;

use super::draft::{self, Reach};
use super::peer::Peers;
use super::{Object, merge, names};
use crate::facts::Facts;
use crate::relation::Relation;
use crate::resolve::program::Program;

pub(super) fn lower(relation: &Relation, program: &Program, facts: &Facts<'_>) -> Vec<Object> {
    let peers = Peers { facts, entities: false, ranges_hold_cluster: true, program: Some(program) };
    let drafts = draft::drafts(relation, facts, &peers, Reach::Namespace);
    let mut names = names::Names::of(facts.inventory, drafts.keys());
    let policy = |(subject, draft)| {
        let name = names.take(&subject);
        let policy = objects::policy(name, subject, merge::merged(draft), program);
        Object::NetworkPolicy(Box::new(policy))
    };
    drafts.into_iter().map(policy).collect()
}
