//! Programs taken apart as people do: sentences become policies that are applied, names are exported, everything is
//! spread over files. What comes out is the same, byte for byte.

use proptest::prelude::*;

use super::cluster::Cluster;
use super::print;
use super::program::*;

/// How a program is taken apart.
#[derive(Clone, Debug)]
pub struct Plan {
    cuts: Vec<Cut>,
    /// Whether the `let`s have a file of their own, or stand in every file that there is.
    shared: bool,
    order: Vec<u32>,
}

/// What becomes of one sentence.
#[derive(Clone, Debug)]
struct Cut {
    /// Whether it becomes a policy.
    is_policy: bool,
    /// Which of its sets and ports become parameters, and whether a set does so but for its outermost layer.
    replaced: Vec<(bool, bool)>,
    /// Whether the block stands around the application, not in the policy.
    outside: bool,
    /// Whether another policy stands between.
    passed_on: bool,
    /// Whether parameters have names that other things have, too.
    shadowing: bool,
    /// Whether the next sentence may become part of the same policy.
    joined: bool,
    file: usize,
    /// Whether the policy stands where it is applied, or in a file of policies.
    at_home: bool,
}

pub fn plan() -> BoxedStrategy<Plan> {
    let one = (
        prop::bool::weighted(0.7),
        prop::collection::vec((any::<bool>(), any::<bool>()), 6),
        prop::collection::vec(any::<bool>(), 5),
        0..3usize,
    );
    let cut = one.prop_map(|(is_policy, replaced, how, file)| Cut {
        is_policy,
        replaced,
        outside: how[0],
        passed_on: how[1],
        shadowing: how[2],
        joined: how[3],
        file,
        at_home: how[4],
    });
    (prop::collection::vec(cut, 10), any::<bool>(), prop::collection::vec(any::<u32>(), 40))
        .prop_map(|(cuts, shared, order)| Plan { cuts, shared, order })
        .boxed()
}

const NAMES: &str = "common/names.weir";
const POLICIES: &str = "common/policies.weir";
const FILES: [&str; 3] = ["main.weir", "apps/first.weir", "apps/second.weir"];

/// The program in one file.
pub fn whole(program: &Program, cluster: &Cluster) -> Vec<(&'static str, String)> {
    vec![("main.weir", print::statements(program, cluster).join("\n") + "\n")]
}

/// The program taken apart, with its statements and files in some order.
pub fn apart(program: &Program, cluster: &Cluster, plan: &Plan) -> Vec<(&'static str, String)> {
    let lets = print::lets(program, cluster);
    let mut names: Vec<String> = Vec::new();
    let mut policies: Vec<String> = Vec::new();
    let mut files: Vec<Vec<String>> = vec![Vec::new(); FILES.len()];
    let mut waiting: Vec<Policy> = Vec::new();
    for (at, sentence) in program.sentences.iter().enumerate() {
        let cut = &plan.cuts[at % plan.cuts.len()];
        if !cut.is_policy {
            files[cut.file].push(print::statement(program, cluster, sentence));
            continue;
        }
        let alone = !cut.joined && waiting.last().is_none_or(|last| !last.cut.joined);
        let policy = policy(program, cluster, sentence, cut, at, alone);
        match waiting.last_mut().filter(|last| last.cut.joined && last.place == policy.place) {
            Some(last) => last.join(policy),
            None => waiting.push(policy),
        }
    }
    for (at, policy) in waiting.iter().enumerate() {
        let (mut declared, applied) = policy.texts(program, cluster, at);
        if policy.cut.at_home {
            files[policy.cut.file].append(&mut declared);
        } else {
            policies.extend(declared.into_iter().map(|policy| format!("export {policy}")));
        }
        files[policy.cut.file].push(applied);
    }
    if plan.shared {
        names.extend(lets.iter().map(|one| format!("export {one}")));
        policies.push("use common.names;".to_owned());
        files.iter_mut().for_each(|file| file.push("use common.names;".to_owned()));
    } else {
        policies.extend(lets.clone());
        files.iter_mut().for_each(|file| file.extend(lets.clone()));
    }
    files.iter_mut().for_each(|file| file.push("use common.policies;".to_owned()));
    let mut all: Vec<(&str, Vec<String>)> = FILES.into_iter().zip(files).collect();
    all.extend([(NAMES, names), (POLICIES, policies)]);
    let texts = all.into_iter().map(|(name, statements)| {
        let statements = super::invariants::shuffled(&statements, &plan.order);
        (name, statements.join("\n") + "\n")
    });
    super::invariants::shuffled(&texts.collect::<Vec<_>>(), &plan.order)
}

struct Policy<'a> {
    cut: &'a Cut,
    body: Vec<String>,
    arguments: Vec<(String, print::Argument)>,
    /// Where it is applied.
    place: Block,
}

impl Policy<'_> {
    fn join(&mut self, other: Policy<'_>) {
        self.body.extend(other.body);
        self.arguments.extend(other.arguments);
    }

    /// What declares it, and what applies it.
    fn texts(&self, program: &Program, cluster: &Cluster, number: usize) -> (Vec<String>, String) {
        let names: Vec<&str> = self.arguments.iter().map(|(name, _)| name.as_str()).collect();
        let value =
            |(_, argument): &(_, print::Argument)| print::argument(program, cluster, &self.place, argument);
        let values: Vec<String> = self.arguments.iter().map(value).collect();
        let body = self.body.join("\n").replace('\n', "\n    ");
        let mut policies = vec![format!("policy p{number}({}) {{\n    {body}\n}}", names.join(", "))];
        let mut name = format!("p{number}");
        if self.cut.passed_on {
            let others: Vec<String> = (0..names.len()).map(|at| format!("x{at}")).collect();
            let list = others.join(", ");
            policies.push(format!("policy q{number}({list}) {{\n    apply {name}({list});\n}}"));
            name = format!("q{number}");
        }
        let apply = format!("apply {name}({});", values.join(", "));
        (policies, print::in_block(program, cluster, &self.place, &apply))
    }
}

/// The policy that a sentence becomes.
fn policy<'p>(
    program: &Program,
    cluster: &Cluster,
    sentence: &Sentence,
    cut: &'p Cut,
    number: usize,
    alone: bool,
) -> Policy<'p> {
    let mut body = sentence.clone();
    let is_office = |set: &Set| set.any(&|set| *set == Set::Let(2));
    let is_front = |port: &Port| *port == Port::Name("front".to_owned());
    let shadowing = cut.shadowing && alone;
    let mut parameters = Parameters {
        cut,
        number,
        next: 0,
        office_is_free: shadowing && !sentence.sets().into_iter().any(is_office),
        front_is_free: shadowing && !sentence.ports().into_iter().any(is_front),
        arguments: Vec::new(),
    };
    // A block inside of the policy tells its own words what they mean, and they cannot leave it; around the
    // application it tells the arguments, and such words have to be among them.
    let of_block = |set: &Set| set.any(&|set| matches!(set, Set::Pods | Set::Near(..)));
    let of_cluster = |set: &Set| set.any(&|set| matches!(set, Set::Anyone | Set::Partition(_)));
    let outside = cut.outside && !sentence.sets().into_iter().any(of_cluster);
    let in_block = sentence.block != Block::Top;
    let must = |set: &Set| in_block && outside && of_block(set);
    let may = |set: &Set| outside == in_block || !of_block(set);
    let mut home = None;
    match &mut body.block {
        Block::Each(group) if !outside && *group != Set::Anyone => *group = parameters.of_set(group, false),
        Block::Namespace(at) if !outside && cut.shadowing => {
            let name = format!("home-{number}");
            parameters.arguments.push((name.clone(), print::Argument::Set(Set::Namespace(*at))));
            home = Some(name);
        }
        _ => {}
    }
    match &mut body.kind {
        SentenceKind::Posture { each, subject, .. } => {
            if may(subject) && !(*each && *subject == Set::Anyone) {
                *subject = parameters.of_set(subject, must(subject));
            }
        }
        SentenceKind::Grant(grant) => {
            for set in std::iter::once(&mut grant.from).chain(grant.to.iter_mut().map(|(set, _)| set)) {
                if may(set) {
                    *set = parameters.of_set(set, must(set));
                }
            }
            for port in grant.to.iter_mut().filter_map(|(_, port)| port.as_mut()).chain(&mut grant.on) {
                *port = parameters.of_port(port);
            }
        }
    }
    let place = match (&sentence.block, outside) {
        (Block::Top, true) => Block::Namespace(cut.file % cluster.namespaces.len()),
        (block, true) => block.clone(),
        (_, false) => Block::Top,
    };
    if outside {
        body.block = Block::Top;
    }
    let mut text = print::statement(program, cluster, &body);
    if let (Some(home), Some((_, rest))) = (home, text.split_once('{')) {
        text = format!("in namespace {home} {{{rest}");
    }
    Policy { cut, body: vec![text], arguments: parameters.arguments, place }
}

struct Parameters<'a> {
    cut: &'a Cut,
    /// Which sentence it is: names stay apart where several make one policy.
    number: usize,
    /// The sets and ports that were asked for.
    next: usize,
    /// Whether the sentence leaves the name of this `let` to a parameter.
    office_is_free: bool,
    /// Whether it leaves the name of this port to one.
    front_is_free: bool,
    arguments: Vec<(String, print::Argument)>,
}

impl Parameters<'_> {
    fn draw(&mut self) -> (bool, bool) {
        self.next += 1;
        self.cut.replaced[self.next % self.cut.replaced.len()]
    }

    fn of_set(&mut self, set: &Set, must: bool) -> Set {
        let (replace, below) = self.draw();
        if !must && !replace {
            return set.clone();
        }
        match set {
            Set::With(inner, requirements) if below => {
                Set::With(Box::new(self.of_set(inner, true)), requirements.clone())
            }
            Set::Except(left, right) if below => {
                let left = Box::new(self.of_set(left, true));
                Set::Except(left, Box::new(self.of_set(right, must)))
            }
            set => {
                let name = match std::mem::take(&mut self.office_is_free) {
                    true => "office".to_owned(),
                    false => {
                        format!("{}-{}-{}", ["front", "back", "mid"][self.next % 3], self.number, self.next)
                    }
                };
                self.arguments.push((name.clone(), print::Argument::Set(set.clone())));
                Set::Param(name)
            }
        }
    }

    fn of_port(&mut self, port: &Port) -> Port {
        let (replace, shadowing) = self.draw();
        if !replace {
            return port.clone();
        }
        let name = match shadowing && std::mem::take(&mut self.front_is_free) {
            true => "front".to_owned(),
            false => format!("port-{}-{}", self.number, self.next),
        };
        self.arguments.push((name.clone(), print::Argument::Port(port.clone())));
        Port::Name(name)
    }
}
