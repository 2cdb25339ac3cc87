//! What Weir's own objects deny, on targets that can: the promises that something never flows, with the end at which
//! each is kept.

use weir_cluster::flow::FlowBox;
use weir_grammar::ast::Direction;

use super::ground::Near;
use crate::Setting;
use crate::meaning::Meaning;
use crate::relation::Relation;
use crate::resolve::program::{Ends, Ports};
use crate::target::Denials;

pub(super) struct Denied {
    pub from: Ends,
    pub to: Ends,
    pub ports: Ports,
    pub at: Direction,
}

impl Denied {
    pub fn flows(&self, meaning: &Meaning<'_>) -> Vec<FlowBox> {
        let sources = meaning.members(std::slice::from_ref(&self.from));
        let destinations = meaning.members(std::slice::from_ref(&self.to));
        let parts = meaning.by_ports(&destinations, &self.ports).into_iter();
        parts.map(|(destinations, ports)| FlowBox { sources: sources.clone(), destinations, ports }).collect()
    }
}

/// Of those that policies of others may have to do with.
pub(super) fn of(relation: &Relation, setting: &Setting<'_>, near: &Near) -> Vec<Denied> {
    let target = Denials::of(setting.target, &setting.options, setting.facts);
    let mut all = Vec::new();
    for denial in relation.denials.iter().filter(|_| target.has_any()) {
        if !near.may_hold(denial.from.iter().chain(&denial.to)) {
            continue;
        }
        let (sources, destinations) = (target.apart(&denial.from), target.apart(&denial.to));
        for to in destinations {
            for from in sources.iter().filter(|from| target.can(from, &to, &denial.ports)) {
                // Where both ends are pods, the destination's.
                let at = if to.pods().is_some() { Direction::Ingress } else { Direction::Egress };
                all.push(Denied { from: from.clone(), to: to.clone(), ports: denial.ports.clone(), at });
            }
        }
    }
    all
}
