//! How tests call Weir: the one place that names its interface.

use std::fs;
use std::path::{Path, PathBuf};

use weir::target::Options;
use weir::{
    Analysis, Cluster, Code, Diagnostic, Facts, Inventory, Project, Relation, Setting, Sources, Target,
    TestResult, analyze, emit, meaning, project,
};
use weir_cluster::enforce::{self, Dialect, Switches};
use weir_cluster::flow::{Flows, Space};
use weir_cluster::manifest::Reader;
use weir_tests::validity::{self, Schemas};

pub fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

pub fn cases() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("cases")
}

pub fn read(path: impl AsRef<Path>) -> String {
    let path = path.as_ref();
    fs::read_to_string(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// Files and folders below a folder, sorted.
pub fn entries(folder: impl AsRef<Path>) -> Vec<PathBuf> {
    let mut entries: Vec<PathBuf> =
        fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    entries.sort();
    entries
}

/// Named texts.
pub type Texts = Vec<(String, String)>;

pub fn texts(paths: &[PathBuf]) -> Texts {
    let name = |path: &PathBuf| path.file_name().unwrap().to_string_lossy().into_owned();
    paths.iter().map(|path| (name(path), read(path))).collect()
}

/// The programs below a folder, named as in a project.
pub fn programs(folder: &Path) -> Texts {
    let mut programs = Vec::new();
    let mut waiting = vec![folder.to_owned()];
    while let Some(path) = waiting.pop() {
        if path.is_dir() {
            waiting.extend(entries(&path));
        } else if path.extension().is_some_and(|extension| extension == "weir") {
            programs.push((path.strip_prefix(folder).unwrap().display().to_string(), read(&path)));
        }
    }
    programs.sort();
    programs
}

/// Malformed manifests come back as diagnostics of the codes that the command gives them.
pub fn inventory(manifests: &Texts) -> Result<Inventory, Vec<String>> {
    let mut reader = Reader::new("default");
    let said = |errors: Vec<weir_cluster::manifest::ManifestError>| {
        errors.into_iter().map(|error| error.message).collect::<Vec<_>>()
    };
    for (name, text) in manifests {
        reader.read(name, text.as_bytes()).map_err(said)?;
    }
    reader.finish().map_err(said)
}

/// One program against one inventory.
pub struct Built {
    pub sources: Sources,
    pub inventory: Inventory,
    /// Without a name where the program belongs to no project.
    pub cluster: Cluster,
    pub analysis: Analysis,
    pub diagnostics: Vec<Diagnostic>,
    pub relation: Relation,
    /// The emitted stream; `None` where the program has errors, and for targets that are not built.
    pub yaml: Option<String>,
    /// How the program's own tests ended; none where it has errors.
    pub tests: Vec<TestResult>,
}

pub fn build(program: &Texts, manifests: &Texts) -> Built {
    build_in(program, manifests, Target::NetworkPolicy, None)
}

/// The same, for a target and one cluster of a project.
pub fn build_in(
    program: &Texts,
    manifests: &Texts,
    target: Target,
    project: Option<(&Project, &Cluster)>,
) -> Built {
    let options = project.map(|(project, cluster)| Options::of(Some(project), cluster)).unwrap_or_default();
    build_as(program, manifests, target, options, project)
}

/// The same, with the choices that a target has.
pub fn build_as(
    program: &Texts,
    manifests: &Texts,
    target: Target,
    options: Options,
    project: Option<(&Project, &Cluster)>,
) -> Built {
    let prelude = project.is_none_or(|(project, _)| project.prelude);
    let sources = if prelude { Sources::with_prelude() } else { Sources::new() };
    build_with(sources, program, manifests, (target, options), project)
}

/// The same, as the first cluster of the `weir.toml` with that text.
pub fn build_project(settings: &str, program: &Texts, manifests: &Texts, target: Option<Target>) -> Built {
    let (mut sources, parsed) = self::settings("weir.toml", settings);
    let project = parsed.project;
    if project.prelude {
        sources.add_prelude();
    }
    let cluster = project.clusters.first().cloned().unwrap_or_default();
    let target = target.or(cluster.target).unwrap_or(Target::NetworkPolicy);
    let options = Options::of(Some(&project), &cluster);
    build_with(sources, program, manifests, (target, options), Some((&project, &cluster)))
}

fn build_with(
    mut sources: Sources,
    program: &Texts,
    manifests: &Texts,
    (target, options): (Target, Options),
    project: Option<(&Project, &Cluster)>,
) -> Built {
    let inventory = inventory(manifests).unwrap_or_else(|errors| panic!("{errors:?}"));
    for (name, text) in program {
        sources.add(name, name, text);
    }
    let cluster = project.map(|(_, cluster)| cluster.clone()).unwrap_or_default();
    let facts = Facts::of_cluster(&inventory, &cluster);
    let setting = Setting { project, options, ..Setting::new(&facts, target, weir_tests::TODAY) };
    let analysis = analyze(&sources, &setting);
    let documents = analysis.build(&facts);
    let yaml = documents.map(|documents| emit::stream(&documents));
    yaml.iter().for_each(|yaml| assert_eq!(violations(yaml), "", "{yaml}"));
    let tests = analysis.run_tests(&facts).unwrap_or_default();
    let (diagnostics, relation) = (analysis.diagnostics.clone(), analysis.relation().clone());
    drop(facts);
    let built = Built { sources, inventory, cluster, analysis, diagnostics, relation, yaml, tests };
    if let Some(yaml) = &built.yaml {
        let proof = built.verify(yaml);
        let told = weir::diagnostic::render::render(&built.sources, &proof.diagnostics, false);
        assert!(proof.holds(), "{}\n{told}\n{yaml}", target.name());
    }
    built
}

/// What is wrong with policy text, one a line.
pub fn violations(yaml: &str) -> String {
    let found = validity::check(yaml, Schemas::of_environment());
    found.iter().map(|violation| format!("{violation}\n")).collect()
}

/// The project of pages whose programs name clusters: `prod-eu`, which the manifests are, and `staging`.
pub fn named_clusters(program: &Texts) -> Option<Project> {
    let cluster = |name: &str, labels: &[(&str, &str)]| Cluster {
        name: name.to_owned(),
        labels: labels.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())).collect(),
        ..Cluster::default()
    };
    let clusters = vec![
        cluster("prod-eu", &[("env", "prod"), ("region", "eu")]),
        cluster("staging", &[("env", "staging")]),
    ];
    let named = program.iter().any(|(_, text)| text.contains("in cluster"));
    named.then(|| Project { clusters, ..Project::default() })
}

/// A fenced block of a page: what stands behind its fence, the heading above it, its text.
pub struct Block {
    pub language: String,
    pub heading: String,
    pub text: String,
}

pub fn blocks(page: &str) -> Vec<Block> {
    let mut blocks = Vec::new();
    let (mut heading, mut open): (String, Option<Block>) = (String::new(), None);
    for line in page.lines() {
        match (&mut open, line.strip_prefix("```")) {
            (None, Some(language)) => {
                let language = language.trim().to_owned();
                open = Some(Block { language, heading: heading.clone(), text: String::new() });
            }
            (Some(_), Some(_)) => blocks.extend(open.take()),
            (Some(block), None) => block.text += &format!("{line}\n"),
            (None, None) => {
                if let Some(title) = line.strip_prefix("## ") {
                    heading = title.to_owned();
                }
            }
        }
    }
    blocks
}

impl Built {
    /// Whether these objects are the program. An error where the program has errors.
    pub fn verify(&self, policies: &str) -> weir::Proof {
        let facts = Facts::of_cluster(&self.inventory, &self.cluster);
        self.analysis.verify(&facts, &[("policies.yaml", policies)]).expect("a program without errors")
    }

    pub fn codes(&self) -> Vec<Code> {
        self.diagnostics.iter().map(|diagnostic| diagnostic.code).collect()
    }

    pub fn rendered(&self) -> String {
        weir::diagnostic::render::render(&self.sources, &self.diagnostics, false)
    }

    /// All that is said, of the program and then of its tests.
    pub fn said(&self) -> String {
        self.rendered() + &weir::diagnostic::render::render(&self.sources, &self.failures(), false)
    }

    /// What is said of the program's own tests that fail.
    pub fn failures(&self) -> Vec<Diagnostic> {
        self.tests.iter().flat_map(|test| test.failures.clone()).collect()
    }

    /// The program's own tests hold.
    pub fn assert_tests_pass(&self, what: &str) {
        let failed = self.tests.iter().filter(|test| !test.failures.is_empty());
        let names: Vec<&str> = failed.map(|test| test.name.as_str()).collect();
        assert!(names.is_empty(), "{what}: {names:?} failed\n{}", self.said());
    }

    pub fn yaml(&self) -> &str {
        self.yaml.as_deref().unwrap_or_else(|| panic!("errors:\n{}", self.rendered()))
    }
}

/// The text of a `weir.toml`, read.
pub fn settings(name: &str, text: &str) -> (Sources, project::Parsed) {
    let mut sources = Sources::new();
    let file = sources.add_settings(name, name, text);
    (sources, project::parse(file, text))
}

/// What the bytes let flow, on the cluster as it is and with an unlabelled newcomer in every namespace.
pub struct Judgement {
    pub space: Space,
    pub meant: Flows,
    pub permitted: Flows,
    pub undefined: Flows,
}

/// Judges what was built, on the inventory that it was built for or on a later one.
pub fn judge(built: &Built, later: &Inventory) -> Judgement {
    let facts = Facts::of_cluster(&built.inventory, &built.cluster);
    let policies = enforce::read(Dialect::NetworkPolicy, "built", built.yaml())
        .unwrap_or_else(|errors| panic!("what was emitted is not valid: {errors:?}\n{}", built.yaml()));
    let mut boundaries = policies.boundaries();
    boundaries.join(meaning::boundaries(&built.relation, &facts));
    let space = Space::of(later, Space::newcomers(later), &boundaries).expect("no payloads");
    let meant = meaning::flows(&built.relation, &facts, &space);
    let enforced = policies.enforce(&space, &Switches::default());
    Judgement { space, meant, permitted: enforced.permitted, undefined: enforced.undefined }
}

impl Judgement {
    /// What is enforced is what is meant.
    pub fn assert_equal(&self, what: &str, built: &Built) {
        let (meant, permitted) = (self.meant.minus(&self.undefined), self.permitted.minus(&self.undefined));
        for (more, less, how) in [(&permitted, &meant, "more"), (&meant, &permitted, "less")] {
            if let Some((source, destination, atom)) = more.minus(less).witness() {
                panic!(
                    "{what}: enforces {how} than was meant\n{:?}\n-> {:?}\non {:?}\n{}",
                    self.space.points[source],
                    self.space.points[destination],
                    self.space.ports.atom(atom),
                    built.yaml()
                );
            }
        }
    }
}
