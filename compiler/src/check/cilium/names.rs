//! Host names: Cilium knows their addresses from the answers of the DNS that it sees, and never takes an address of the
//! cluster for one.

use crate::check::Guarded;
use crate::diagnostic::{Code, Diagnostic};
use crate::facts::Facts;
use crate::relation::{Grant, Relation};
use crate::resolve::program::{Ends, Part, Port, Ports, Program, SentenceKind};
use crate::selector::PodSet;
use weir_cluster::inventory::Protocol;

/// The port at which Cilium's proxy looks at answers.
const DNS_PORT: u16 = 53;

pub fn check(
    program: &Program,
    relation: &Relation,
    guarded: &Guarded,
    facts: &Facts<'_>,
) -> Vec<Diagnostic> {
    let mut diagnostics = Vec::new();
    let mut asking = None;
    for (_, sentence) in program.iter() {
        let SentenceKind::Grant(grant) = &sentence.kind else { continue };
        let hosts = grant.reach.object.iter().filter_map(|(part, _)| match &part.ends {
            Ends::Host(host) => Some((part, host)),
            _ => None,
        });
        let hosts: Vec<(&Part, &String)> = hosts.collect();
        if hosts.is_empty() {
            continue;
        }
        let mut said: Vec<Diagnostic> = hosts.iter().filter_map(|(part, host)| inner(part, host)).collect();
        let asking = asking.get_or_insert_with(|| Asking::of(relation, facts));
        for part in &grant.reach.subject {
            let Ends::Pods(pods) = &part.ends else { continue };
            let closed = !facts.ground(pods).is_disjoint(&guarded.egress);
            // A grant of the DNS that could not be read may well be there.
            if closed && !program.incomplete {
                said.extend(asking.check(pods, part, hosts[0].0));
            }
        }
        diagnostics.extend(said.into_iter().map(|said| sentence.explain(said)));
    }
    diagnostics
}

/// A name of the cluster: what it stands for has labels.
fn inner(part: &Part, host: &str) -> Option<Diagnostic> {
    let own = [".svc", ".cluster.local", ".svc.cluster.local", ".pod.cluster.local"];
    let message = format!("`{host}` is a name of the cluster itself");
    own.iter().any(|suffix| host.ends_with(suffix)).then(|| {
        Diagnostic::error(Code::E0411, message)
            .at(part.place, "Cilium grants addresses outside of the cluster by name, and none of its own")
            .with_help("name the service or workload instead, such as `shop/web`")
    })
}

/// Who is granted the DNS.
struct Asking {
    on_its_port: PodSet,
    on_any_port: PodSet,
}

impl Asking {
    fn of(relation: &Relation, facts: &Facts<'_>) -> Asking {
        let dns = &facts.dns.pods;
        let holds = |ends: &[Ends]| {
            ends.iter().any(|ends| match ends {
                Ends::Anywhere => true,
                Ends::Pods(pods) => {
                    dns.terms().iter().all(|term| pods.terms().iter().any(|wide| term.implies(wide)))
                }
                _ => false,
            })
        };
        let who = |fits: &dyn Fn(&Grant) -> bool| {
            let grants = relation
                .grants
                .iter()
                .filter(|grant| grant.narrowed.is_none() && fits(grant) && holds(&grant.to));
            PodSet::union(grants.flat_map(|grant| &grant.from).filter_map(|ends| match ends {
                Ends::Pods(pods) => Some(pods.clone()),
                Ends::Anywhere => Some(PodSet::all()),
                _ => None,
            }))
        };
        Asking { on_its_port: who(&|grant| opens(&grant.ports)), on_any_port: who(&|_| true) }
    }

    fn check(&self, pods: &PodSet, subject: &Part, host: &Part) -> Option<Diagnostic> {
        let covers = |wide: &PodSet| pods.minus(wide).is_ok_and(|rest| rest.is_empty());
        if covers(&self.on_its_port) {
            return None;
        }
        let said =
            Diagnostic::error(Code::E0412, "host names are learnt from the DNS, which nothing grants here");
        Some(if covers(&self.on_any_port) {
            said.at(host.place, "Cilium learns the addresses of a name from answers on port 53")
                .with_note(
                    "the DNS of this cluster answers on another port, which Cilium's proxy does not look at",
                )
                .with_help("grant the addresses that the host has, such as `203.0.113.0/24:443`")
        } else {
            said.at(subject.place, "may not ask the DNS")
                .at(host.place, "its addresses are known from the DNS's answers")
                .with_help("add `… may reach dns;` for the same pods")
        })
    }
}

fn opens(ports: &Ports) -> bool {
    match ports {
        Ports::All => true,
        Ports::These(ports) => ports.iter().any(|port| {
            matches!(port, Port::Range { protocol: Protocol::Udp, first, last }
                if (*first..=*last).contains(&DNS_PORT))
        }),
    }
}
