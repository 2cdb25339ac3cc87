//! How tests call Weir: the one place that names its interface.

use std::fs;
use std::path::{Path, PathBuf};

use weir::{
    Cluster, Code, Diagnostic, Facts, Inventory, Project, Relation, Sources, Target, analyze, emit, meaning,
    project,
};
use weir_cluster::enforce::kubernetes;
use weir_cluster::flow::{Flows, Space};
use weir_cluster::manifest::Reader;

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
    pub diagnostics: Vec<Diagnostic>,
    pub relation: Relation,
    /// The emitted stream; `None` where the program has errors.
    pub yaml: Option<String>,
}

pub fn build(program: &Texts, manifests: &Texts) -> Built {
    build_in(program, manifests, None)
}

/// The same, for one cluster of a project.
pub fn build_in(program: &Texts, manifests: &Texts, project: Option<(&Project, &Cluster)>) -> Built {
    let inventory = inventory(manifests).unwrap_or_else(|errors| panic!("{errors:?}"));
    let mut sources = Sources::with_prelude();
    for (name, text) in program {
        sources.add(name, name, text);
    }
    let cluster = project.map(|(_, cluster)| cluster.clone()).unwrap_or_default();
    let facts = Facts::with_ranges(&inventory, &cluster.pods, &cluster.services);
    let setting = weir::Setting::new(&facts, Target::NetworkPolicy, weir_tests::TODAY);
    let analysis = analyze(&sources, &weir::Setting { project, ..setting });
    let yaml = analysis.build(&facts).map(|documents| emit::stream(&documents));
    let (diagnostics, relation) = (analysis.diagnostics.clone(), analysis.relation().clone());
    drop(facts);
    Built { sources, inventory, cluster, diagnostics, relation, yaml }
}

impl Built {
    pub fn codes(&self) -> Vec<Code> {
        self.diagnostics.iter().map(|diagnostic| diagnostic.code).collect()
    }

    pub fn rendered(&self) -> String {
        weir::diagnostic::render::render(&self.sources, &self.diagnostics, false)
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
    let facts = Facts::with_ranges(&built.inventory, &built.cluster.pods, &built.cluster.services);
    let policies = kubernetes::read("built", built.yaml())
        .unwrap_or_else(|errors| panic!("what was emitted is not valid: {errors:?}\n{}", built.yaml()));
    let boundaries = policies.boundaries();
    let mut cuts = boundaries.cidrs;
    cuts.extend(meaning::address_boundaries(&built.relation, &facts));
    let probe = Space::of(later, Space::newcomers(later), &cuts, &[]);
    let mut ports = boundaries.ports;
    ports.extend(meaning::port_boundaries(&built.relation));
    ports.extend(kubernetes::port_boundaries(&probe.points));
    let space = Space::of(later, Space::newcomers(later), &cuts, &ports);
    let meant = meaning::flows(&built.relation, &facts, &space);
    let enforced = policies.enforce(&space);
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
