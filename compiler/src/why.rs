//! Why one flow is allowed or denied: its verdict, who decides it at either end, and what would have to be written to have
//! it otherwise. Asks a view; knows no format of policies, and not how answers are shown.

use ipnet::IpNet;
use weir_cluster::flow::{Bits, Flows, Point, PortRange, Space};

use crate::asked::port::{self, AskedPort, Resolved};
use crate::asked::{self, Asked, asked_wrong};
use crate::diagnostic::{Diagnostic, printable};
use crate::facts::Facts;
use crate::reach::ends::{self, End, Kind};
use crate::reach::ports::{Families, PortSet, Unasked};
use crate::reach::{nowhere, too_complex};
use crate::resolve::names::{self, Named};
use crate::verify;
use crate::view::{Action, Answer, Cause, Seen, Verdict, View};

pub mod answer;
pub mod json;

/// A flow as somebody asks for it.
#[derive(Clone, Debug)]
pub struct Question {
    pub from: Asked,
    pub to: Asked,
    port: Option<AskedPort>,
    resolved: Option<Resolved>,
}

/// What is to be said, in the order of the ends and their ports.
pub struct Answers {
    pub told: Vec<Told>,
    /// What became of the question's port.
    pub notes: Vec<String>,
    /// Whether no port was asked for.
    pub every_port: bool,
}

/// One verdict, for all the ports and pods that it holds for.
pub struct Told {
    pub from: String,
    pub to: String,
    /// Which pods of a workload, where they are not alike.
    pub from_pods: Option<String>,
    pub to_pods: Option<String>,
    pub ports: PortSet,
    pub verdict: Verdict,
    /// The sentence that would allow what is denied.
    pub sentence: Option<String>,
    /// Whether each end is pods, which alone are governed.
    pub from_is_pods: bool,
    pub to_is_pods: bool,
}

/// Beyond this many pairs of ends nobody reads the answer.
const MOST_PAIRS: usize = 256;

/// Reads `shop/web -> data/db:5432`.
pub fn parse(text: &str, facts: &Facts<'_>) -> Result<Question, Box<Diagnostic>> {
    let arrow = ["->", "→", " may reach ", " may ping "].into_iter().find_map(|arrow| {
        let (from, to) = text.split_once(arrow)?;
        Some((from, to, arrow.contains("ping")))
    });
    let Some((from, to, pings)) = arrow else {
        let said = asked_wrong(format!("`{}` is no flow", printable(text.trim())));
        let help =
            "a flow is written `shop/web -> data/db:5432`, in quotes, since `>` means something to shells";
        return Err(said.with_help(help).into());
    };
    for (end, word) in [(from, "from whom"), (to, "to whom")] {
        if end.trim().is_empty() {
            let said = asked_wrong(format!("the flow does not say {word} it goes"));
            return Err(said.with_help("a flow is written `shop/web -> data/db:5432`").into());
        }
    }
    let (to, port) = split(to.trim());
    let port = match (port, pings) {
        (Some(port), _) => Some(port::parse(port)?),
        (None, true) => Some(AskedPort::Ping),
        (None, false) => None,
    };
    let (from, to) = (asked::parse(from, facts)?, asked::parse(to, facts)?);
    let is_unknown = match &from {
        Asked::Host(_) => true,
        Asked::ApiServer => facts.api_server_addresses().is_empty(),
        _ => false,
    };
    if is_unknown {
        let message = format!("nobody knows which packets come from `{}`", from.spelled(facts));
        return Err(asked_wrong(message).with_help("ask for the addresses that they come from").into());
    }
    let resolved = port.as_ref().map(|port| port.resolve(&to, facts)).transpose()?;
    Ok(Question { from, to, port, resolved })
}

/// A destination and its port: `data/db:5432`, `[2001:db8::1]:443`, `data/db on 5432`, `data/db ping`.
fn split(text: &str) -> (&str, Option<&str>) {
    if let Some((to, port)) = text.split_once(" on ") {
        return (to, Some(port));
    }
    if let Some(to) = text.strip_suffix(" ping") {
        return (to, Some("ping"));
    }
    if let Some((to, rest)) = text.strip_prefix('[').and_then(|text| text.split_once(']')) {
        return (to, rest.strip_prefix(':'));
    }
    let is_address = text.parse::<std::net::IpAddr>().is_ok() || text.parse::<IpNet>().is_ok();
    match text.rsplit_once(':') {
        Some((to, port)) if !is_address => (to, Some(port)),
        _ => (text, None),
    }
}

/// Answers a question.
pub fn why(view: &View<'_>, question: &Question) -> Result<Answers, Box<Diagnostic>> {
    let facts = view.facts();
    let mut boundaries = view.boundaries();
    let servers = facts.api_server_addresses();
    boundaries.cidrs.extend(servers.into_iter().map(IpNet::from));
    question.from.cut(&mut boundaries);
    question.to.cut(&mut boundaries);
    boundaries.ports.extend(question.resolved.iter().flat_map(Resolved::cuts));
    let mut space = Space::of(facts.inventory, Vec::new(), &boundaries.sorted()).map_err(too_complex)?;
    space.pod_ranges = verify::pod_ranges(facts);
    let (from, to) = (question.from.points(&space, facts), question.to.points(&space, facts));
    for (asked, points) in [(&question.from, &from), (&question.to, &to)] {
        if points.is_empty() {
            return Err(nowhere(asked, facts).into());
        }
    }
    let is_address = |at: u32| matches!(space.points[at as usize], Point::Address(_));
    if from.iter().all(is_address) && to.iter().all(is_address) {
        let said = asked_wrong("neither end of the flow is a pod, and policies govern pods alone");
        return Err(said.with_help("ask for a flow that begins or ends at a workload").into());
    }
    let Seen { permitted, undefined } = view.flows(&space);
    let outside = Flows::from_boxes(&space, &verify::outside(&space));
    let layers = [permitted.union(&outside).boxes(), undefined.minus(&outside).boxes()];
    let ends = ends::of(facts, &space, [&layers[0], &layers[1]], [Some(&from), Some(&to)]);
    let asking = Asking { view, question, space: &space, unasked: Unasked::of(&space), ends: &ends };
    asking.answers(&from, &to)
}

/// Ports, what is said of them, and the pairs of points that it is said of.
type Found = (Bits, Verdict, Vec<(u32, u32)>);

struct Asking<'a> {
    view: &'a View<'a>,
    question: &'a Question,
    space: &'a Space,
    unasked: Unasked,
    ends: &'a [End],
}

impl Asking<'_> {
    fn answers(&self, from: &Bits, to: &Bits) -> Result<Answers, Box<Diagnostic>> {
        let ends = |points: &Bits| -> Vec<&End> {
            self.ends.iter().filter(|end| !end.points.is_disjoint(points)).collect()
        };
        let (sources, destinations) = (ends(from), ends(to));
        if sources.len() * destinations.len() > MOST_PAIRS {
            let pairs = sources.len() * destinations.len();
            let said = asked_wrong(format!("the question is about {pairs} flows at once"));
            return Err(said.with_help("ask for one workload, or ask `weir reach --from … --to …`").into());
        }
        let mut drafts = Vec::new();
        for source in &sources {
            for destination in &destinations {
                if !(source.is_address() && destination.is_address()) {
                    self.pair(source, from, destination, to, &mut drafts);
                }
            }
        }
        if drafts.is_empty() {
            let said = asked_wrong("no pod of the destination has such a port");
            return Err(said.with_help("ask for its number").into());
        }
        let spelled = |asked: &Asked| asked.spelled(self.view.facts());
        let drafts = joined(drafts, 0, sources.len(), &spelled(&self.question.from));
        let drafts = joined(drafts, 1, destinations.len(), &spelled(&self.question.to));
        let notes = self.question.resolved.iter().flat_map(|port| port.notes.clone()).collect();
        let told = drafts.into_iter().map(Draft::finished).collect();
        Ok(Answers { told, notes, every_port: self.question.port.is_none() })
    }

    /// Every verdict of flows from one end to another.
    fn pair(&self, source: &End, from: &Bits, destination: &End, to: &Bits, drafts: &mut Vec<Draft>) {
        let families = Families::of(source, destination);
        // Verdicts with their ports, and the pods that they hold for.
        let mut found: Vec<Found> = Vec::new();
        for one in &self.points(source, from) {
            for other in &self.points(destination, to) {
                for (atoms, verdict) in self.verdicts(*one, *other, families) {
                    match found.iter_mut().find(|known| known.0 == atoms && known.1 == verdict) {
                        Some(known) => known.2.push((*one, *other)),
                        None => found.push((atoms, verdict, vec![(*one, *other)])),
                    }
                }
            }
        }
        for (atoms, verdict, pairs) in found {
            let Some(ports) = PortSet::of(self.space, &atoms, &self.unasked, families) else { continue };
            let mut pods = [source, destination].map(|_| Vec::new());
            for (one, other) in pairs {
                pods[0].push(one);
                pods[1].push(other);
            }
            let [from_pods, to_pods] = pods;
            drafts.push(Draft {
                names: [self.name(source, &self.question.from), self.name(destination, &self.question.to)],
                pods: [self.which(source, from, from_pods), self.which(destination, to, to_pods)],
                spelled: [
                    self.spelled(source, &self.question.from),
                    self.spelled(destination, &self.question.to),
                ],
                port: self.port(&atoms, &ports),
                ports,
                verdict,
                are_pods: [source.is_pods(), destination.is_pods()],
            });
        }
    }

    /// The points of an end that have to be looked at: all pods, and one address for all that are like it.
    fn points(&self, end: &End, asked: &Bits) -> Vec<u32> {
        let points = &end.points & asked;
        let most = if end.is_pods() { usize::MAX } else { 1 };
        points.iter().take(most).collect()
    }

    /// The ports of a pair by what is said of them.
    fn verdicts(&self, source: u32, destination: u32, families: Families) -> Vec<(Bits, Verdict)> {
        let ports = &self.space.ports;
        let atoms: Bits = match &self.question.resolved {
            None => ports.all(),
            Some(port) => {
                let ranges = port.of(&self.space.points[destination as usize]);
                ranges.into_iter().fold(Bits::new(), |all, range: PortRange| all | ports.of(range))
            }
        };
        let mut found: Vec<(Bits, Verdict)> = Vec::new();
        for atom in &(atoms - self.unasked.between(families)) {
            let verdict =
                self.view.verdict(self.space, (source as usize, destination as usize, atom as usize));
            match found.iter_mut().find(|(_, known)| *known == verdict) {
                Some((atoms, _)) => _ = atoms.insert(atom),
                None => found.push((Bits::from_iter([atom]), verdict)),
            }
        }
        found
    }

    fn name(&self, end: &End, asked: &Asked) -> String {
        match (asked, &end.kind) {
            (Asked::Addresses(nets), Kind::Addresses | Kind::Node | Kind::Nodes)
                if nets.len() == 1 && nets[0].prefix_len() == nets[0].max_prefix_len() =>
            {
                asked.spelled(self.view.facts())
            }
            _ => end.names.join(", "),
        }
    }

    /// Which pods of a workload these are, unless they are all that was asked for.
    fn which(&self, end: &End, asked: &Bits, points: Vec<u32>) -> Option<String> {
        let Kind::Workload(workload) = end.kind else { return None };
        let points: Bits = points.into_iter().collect();
        if points == &end.points & asked {
            return None;
        }
        let inventory = self.view.facts().inventory;
        let shared = &inventory.workloads[workload.index()].labels;
        let words = points.iter().map(|at| {
            let Point::Pod(pod) = &self.space.points[at as usize] else { return String::new() };
            let own = pod.labels.iter().filter(|(key, value)| shared.get(key) != Some(value));
            let own: Vec<String> = own.map(|(key, value)| format!("{key}={value}")).collect();
            let ports: Vec<String> = pod.ports.iter().map(|port| port.number.to_string()).collect();
            match (own.is_empty(), ports.is_empty()) {
                (false, _) => format!("[{}]", own.join(", ")),
                (true, false) => format!("without labels of their own, with the ports {}", ports.join(", ")),
                (true, true) => format!("with the service account {}", pod.service_account),
            }
        });
        let words: Vec<String> = words.collect();
        Some(words.join(" or "))
    }

    /// An end as a sentence names it.
    fn spelled(&self, end: &End, asked: &Asked) -> Option<String> {
        let facts = self.view.facts();
        match (&end.kind, asked) {
            (Kind::Workload(_), Asked::Pods(pods)) => Some(pods.spelled.clone()),
            (Kind::Workload(workload), _) => {
                Some(names::spelled(facts.inventory, Named::Workload(*workload), false))
            }
            (Kind::Newcomer, _) => None,
            (_, asked) => Some(asked.spelled(facts)),
        }
    }

    /// The port as a sentence takes it; `None` where it would say more than was asked for.
    fn port(&self, atoms: &Bits, ports: &PortSet) -> Option<Option<AskedPort>> {
        match &self.question.port {
            Some(asked) => Some(Some(asked.clone())),
            None if ports.words == ["all"] => Some(None),
            None => {
                let mut atoms = atoms.iter().map(|atom| self.space.ports.atom(atom as usize));
                let (only, None) = (atoms.next()?, atoms.next()) else { return None };
                let PortRange { protocol, first, last } = only;
                Some(Some(AskedPort::Numbers { first, last, protocol: Some(protocol.protocol()?) }))
            }
        }
    }
}

/// A verdict whose ends may turn out to be more.
struct Draft {
    names: [String; 2],
    pods: [Option<String>; 2],
    spelled: [Option<String>; 2],
    port: Option<Option<AskedPort>>,
    ports: PortSet,
    verdict: Verdict,
    are_pods: [bool; 2],
}

/// Joins verdicts that are the same of all ends that were asked for on one side.
fn joined(drafts: Vec<Draft>, side: usize, ends: usize, asked: &str) -> Vec<Draft> {
    if ends < 2 {
        return drafts;
    }
    let mut groups: Vec<Vec<Draft>> = Vec::new();
    for draft in drafts {
        let is_same = |group: &&mut Vec<Draft>| {
            let first = &group[0];
            let other = 1 - side;
            first.names[other] == draft.names[other]
                && first.pods == draft.pods
                && draft.pods[side].is_none()
                && first.ports.words == draft.ports.words
                && first.verdict == draft.verdict
        };
        match groups.iter_mut().find(is_same) {
            Some(group) => group.push(draft),
            None => groups.push(vec![draft]),
        }
    }
    let whole = |mut group: Vec<Draft>| {
        if group.len() == ends {
            group.truncate(1);
            for first in &mut group {
                first.names[side] = asked.to_owned();
                first.spelled[side] = Some(asked.to_owned());
            }
        }
        group
    };
    groups.into_iter().flat_map(whole).collect()
}

impl Draft {
    fn finished(self) -> Told {
        let sentence = (self.verdict.answer == Answer::Denied).then(|| self.sentence()).flatten();
        let ([from, to], [from_pods, to_pods]) = (self.names, self.pods);
        let [from_is_pods, to_is_pods] = self.are_pods;
        let (ports, verdict) = (self.ports, self.verdict);
        Told { from, to, from_pods, to_pods, ports, verdict, sentence, from_is_pods, to_is_pods }
    }

    /// What would allow it.
    fn sentence(&self) -> Option<String> {
        let [Some(from), Some(to)] = &self.spelled else { return None };
        Some(match self.port.as_ref()? {
            None => format!("{from} may reach {to};"),
            Some(AskedPort::Ping) => format!("{from} may ping {to};"),
            Some(port @ AskedPort::Numbers { first, last, .. }) if first != last || to.contains(':') => {
                format!("{from} may reach {to} on {port};")
            }
            Some(port) => format!("{from} may reach {to}:{port};"),
        })
    }
}

impl Told {
    /// Whoever denies it outright, before it is asked what allows it.
    fn denying(&self) -> impl Iterator<Item = &Cause> {
        let sides = [&self.verdict.leaving, &self.verdict.entering];
        let deciding = sides.into_iter().flat_map(|side| &side.deciding);
        deciding.filter(|(action, _)| *action == Action::Deny).map(|(_, cause)| cause)
    }
}
