//! Sentences about a made-up cluster. Every one of them is true of it: names exist, ports are exposed, and whatever
//! is granted is guarded, so that the program compiles without an error and nearly without a lint.

use std::fmt::Write as _;

use super::random::Random;
use super::shape::{Cluster, METRICS, Namespace, Role, Size, Workload};

/// Of twenty sentences in a row, what each is about: 10 % postures, 50 % grants inside a namespace, 15 % from one to
/// another, 10 % to what is shared, 5 % by labels, 10 % to addresses outside.
const ROUND: [Topic; 20] = {
    use Topic::{Across, Inside, Labels, Outside, Posture, Shared};
    [
        Posture, Inside, Inside, Across, Inside, Shared, Inside, Outside, Inside, Across, //
        Posture, Inside, Inside, Across, Inside, Shared, Inside, Outside, Inside, Labels,
    ]
};

#[derive(Clone, Copy, PartialEq, Eq)]
enum Topic {
    Posture,
    Inside,
    Across,
    Shared,
    Labels,
    Outside,
}

/// The files of a program, made up one after the other: the sentences of each.
pub(super) struct Files<'c> {
    cluster: &'c Cluster,
    random: Random,
    /// How many sentences there are to be, over how many files.
    sentences: usize,
    files: usize,
    /// How many there were, of both, and of which topics.
    made: usize,
    made_files: usize,
    postures: usize,
    labels: usize,
    /// How many postures and label sentences there are to be, and of these how many about every namespace.
    all_postures: usize,
    all_labels: usize,
    everywhere: usize,
    guarded: Vec<&'c Namespace>,
    /// Workloads of guarded namespaces.
    sources: Vec<&'c Workload>,
    /// Those of them that expose a port.
    targets: Vec<&'c Workload>,
    shared: Vec<&'c Workload>,
    scraped: Vec<&'c Workload>,
}

impl<'c> Files<'c> {
    pub fn of(cluster: &'c Cluster, size: &Size) -> Files<'c> {
        let guarded: Vec<&Namespace> =
            cluster.namespaces.iter().filter(|namespace| namespace.role != Role::Agents).collect();
        let of_guarded = guarded.iter().flat_map(|namespace| &cluster.workloads[namespace.workloads.clone()]);
        let sources: Vec<&Workload> = of_guarded.collect();
        let some = |wanted: &dyn Fn(&Workload) -> bool| -> Vec<&Workload> {
            sources.iter().copied().filter(|workload| wanted(workload)).collect()
        };
        let about = |topic: Topic| (0..size.sentences).filter(|at| ROUND[at % ROUND.len()] == topic).count();
        Files {
            cluster,
            random: Random::new(size.seed, 2),
            sentences: size.sentences,
            files: size.files,
            made: 0,
            made_files: 0,
            postures: 0,
            labels: 0,
            all_postures: about(Topic::Posture),
            all_labels: about(Topic::Labels),
            everywhere: size.everywhere,
            targets: some(&|workload| workload.port.is_some()),
            shared: some(&|workload| cluster.home(workload).role == Role::Shared),
            scraped: some(&|workload| workload.scraped),
            guarded,
            sources,
        }
    }

    fn sentence(&mut self) -> String {
        let topic = ROUND[self.made % ROUND.len()];
        let mut sentence = match topic {
            Topic::Posture => self.posture(),
            Topic::Inside => self.inside(),
            Topic::Across => self.across(),
            Topic::Shared => self.shared_service(),
            Topic::Labels => self.by_labels(),
            Topic::Outside => self.outside(),
        };
        if self.random.percent(5) {
            let _ = write!(sentence, " because \"NET-{}\"", 1000 + self.random.below(9000));
        }
        sentence.push(';');
        sentence
    }

    /// Guards the next few namespaces, so that the last posture guards the last of them.
    fn posture(&mut self) -> String {
        let share = |at: usize| at * self.guarded.len() / self.all_postures;
        let some = share(self.postures)..share(self.postures + 1);
        self.postures += 1;
        let names: Vec<String> =
            self.guarded[some].iter().map(|namespace| format!("namespace {}", namespace.name)).collect();
        match names.as_slice() {
            [] => self.inside(),
            [alone] if self.random.percent(30) => format!("{alone} isolated"),
            _ => format!("{} locked", names.join(", ")),
        }
    }

    fn inside(&mut self) -> String {
        let target = *self.random.pick(&self.targets);
        let home = &self.cluster.workloads[self.cluster.home(target).workloads.clone()];
        let count = if self.random.percent(20) { 2 + self.random.below(2) } else { 1 };
        let mut names: Vec<String> = Vec::new();
        for _ in 0..count {
            // Any but the target.
            let own = home.iter().position(|workload| workload.name == target.name).unwrap_or_default();
            let other = (own + 1 + self.random.below(home.len() - 1)) % home.len();
            let name = self.full_name(&home[other]);
            if !names.contains(&name) {
                names.push(name);
            }
        }
        let object = self.object(target);
        format!("{} may reach {object}", names.join(", "))
    }

    fn across(&mut self) -> String {
        let target = *self.random.pick(&self.targets);
        let source = loop {
            let source = *self.random.pick(&self.sources);
            if source.namespace != target.namespace {
                break source;
            }
        };
        let object = self.object(target);
        format!("{} may reach {object}", self.full_name(source))
    }

    fn shared_service(&mut self) -> String {
        let source = *self.random.pick(&self.guarded);
        let target = *self.random.pick(&self.shared);
        let object = self.object(target);
        format!("namespace {} may reach {object}", source.name)
    }

    fn by_labels(&mut self) -> String {
        let share = |at: usize| at * self.everywhere / self.all_labels.max(1);
        let everywhere = share(self.labels) < share(self.labels + 1);
        self.labels += 1;
        if everywhere && !self.scraped.is_empty() {
            let source = *self.random.pick(&self.shared);
            let tier = self.random.pick(&self.scraped).tier.name;
            let source = self.full_name(source);
            return format!(
                "{source} may reach anyone[scrape=yes, app.kubernetes.io/component={tier}]:{METRICS}"
            );
        }
        let one = *self.random.pick(&self.targets);
        let (team, tier) = (&self.cluster.home(one).team, one.tier.name);
        let pods = format!("namespaces[team={team}][app.kubernetes.io/component={tier}]");
        let shared = *self.random.pick(&self.shared);
        match &one.port {
            Some(port) if self.random.percent(50) => {
                let protocol = protocol_suffix(one);
                format!("{} may reach {pods}:{}{protocol}", self.full_name(shared), port.number)
            }
            _ => format!("{pods} may reach {}", self.object(shared)),
        }
    }

    fn outside(&mut self) -> String {
        let source = *self.random.pick(&self.sources);
        let source = self.full_name(source);
        let random = &mut self.random;
        // No private range, and none of the cluster's own.
        let (a, b, c) = (11 + random.below(80), random.below(256), random.below(256));
        let range = match random.below(10) {
            0 => format!("2600:{a:x}{b:02x}:{c:x}::/48"),
            1 | 2 => format!("{a}.{b}.0.0/16 except {a}.{b}.{c}.0/24"),
            3 => format!("{a}.{b}.{c}.{}", 1 + random.below(254)),
            _ => format!("{a}.{b}.{c}.0/24"),
        };
        format!(
            "{source} may reach {range} on {}",
            random.pick(&["443", "443", "https", "5671", "8000-8010"])
        )
    }

    fn full_name(&self, workload: &Workload) -> String {
        format!("{}/{}", self.cluster.home(workload).name, workload.name)
    }

    /// A workload with its port, in one of the ways that a user would write it.
    fn object(&mut self, workload: &Workload) -> String {
        let name = self.full_name(workload);
        let Some(port) = &workload.port else { return name };
        let protocol = protocol_suffix(workload);
        if self.random.percent(6) {
            let first = port.number / 10 * 10;
            return format!("workload {name} on {first}-{}{protocol}", first + 9);
        }
        match (port.name, &workload.service) {
            (Some(port), _) => format!("{name}:{port}"),
            (None, Some(service)) => format!("{name}:{}{protocol}", service.port),
            (None, None) => format!("{name}:{}{protocol}", port.number),
        }
    }
}

impl Iterator for Files<'_> {
    type Item = Vec<String>;

    fn next(&mut self) -> Option<Vec<String>> {
        self.made_files += 1;
        let end = self.sentences * self.made_files.min(self.files) / self.files;
        let mut sentences = Vec::with_capacity(end - self.made);
        while self.made < end {
            sentences.push(self.sentence());
            self.made += 1;
        }
        (!sentences.is_empty()).then_some(sentences)
    }
}

/// A bare number is TCP.
fn protocol_suffix(workload: &Workload) -> &'static str {
    match workload.tier.protocol {
        "UDP" => "/udp",
        _ => "",
    }
}
