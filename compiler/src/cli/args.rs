//! What may be written behind `weir`.

use std::path::PathBuf;

use clap::builder::PossibleValue;
use clap::{Args, Parser, Subcommand, ValueEnum};
use weir::target::CalicoKind;
use weir::{Day, Target};

/// What may talk to what in a Kubernetes cluster, checked and compiled to policy objects
#[derive(Parser)]
#[command(name = "weir", version, max_term_width = 100, propagate_version = true)]
pub struct Arguments {
    #[command(subcommand)]
    pub command: Command,
}

#[derive(Subcommand)]
pub enum Command {
    /// Check a program against a cluster and write its policy objects
    Build(BuildArguments),
    /// Check a program against a cluster; write nothing
    Check(CheckArguments),
    /// Prove that policy objects enforce exactly what a program means
    Verify(VerifyArguments),
    /// The flows that appear and vanish between programs, policy objects, and git revisions
    Diff(DiffArguments),
    /// A program against what is in the cluster now
    Drift(DriftArguments),
    /// Run the tests of a program, `test "…" { … }`
    Test(TestArguments),
    /// Tell who reaches whom, on what: of a program, or of any policy objects
    Reach(ReachArguments),
    /// Tell whether one flow is allowed, and every sentence or object that decides it
    Why(WhyArguments),
    /// Bring programs into their one canonical form; comments stay
    Fmt(FmtArguments),
    /// Explain a code such as E0201, or a lint by its name
    Explain(ExplainArguments),
    /// List the modules of the library, or print one
    Std(StdArguments),
    /// Write what a shell needs to complete `weir` to standard output
    Completions(CompletionsArguments),
    /// Write the man pages of `weir` and its commands to a folder
    Man(ManArguments),
}

#[derive(Args)]
pub struct BuildArguments {
    #[command(flatten)]
    pub program: ProgramArguments,

    /// Write to this folder instead of standard output (`-`): a file a namespace, and a kustomization.yaml; in a
    /// project, a folder a cluster. Files that Weir wrote there before and no longer writes are removed; other files
    /// are never touched
    #[arg(short, long, value_name = "DIR", default_value = "-")]
    pub output: PathBuf,

    /// How objects are spread over files in the folder
    #[arg(long, value_enum, default_value_t = Layout::Namespace)]
    pub layout: Layout,
}

#[derive(Args)]
pub struct CheckArguments {
    #[command(flatten)]
    pub program: ProgramArguments,
}

#[derive(Args)]
pub struct VerifyArguments {
    #[command(flatten)]
    pub program: ProgramArguments,

    #[command(flatten)]
    pub policies: PoliciesArguments,
}

#[derive(Args)]
pub struct PoliciesArguments {
    /// Policy objects: a file, a folder, or `-` for standard input; may be given several times. Objects of other kinds
    /// are passed over
    #[arg(long, value_name = "PATH", required = true)]
    pub policies: Vec<PathBuf>,
}

#[derive(Args)]
pub struct TestArguments {
    #[command(flatten)]
    pub program: ProgramArguments,
}

#[derive(Args)]
pub struct ReachArguments {
    #[command(flatten)]
    pub view: ViewArguments,

    /// Only what this end sends: `shop/web`, a namespace, an address or range, `nodes`, `internet`, `apiserver`
    #[arg(long, value_name = "END")]
    pub from: Option<String>,

    /// Only what reaches this end: the same, or a host name
    #[arg(long, value_name = "END")]
    pub to: Option<String>,

    /// With pods that may come: one without labels in each namespace and in a new one, and whom selectors of policies
    /// tell from those of today
    #[arg(long)]
    pub newcomers: bool,

    /// How flows are written
    #[arg(long, value_enum, default_value_t = ReachFormat::Human)]
    pub format: ReachFormat,
}

#[derive(Args)]
pub struct WhyArguments {
    /// The flow: `shop/web -> data/db:5432`, `shop/web -> 203.0.113.7:443`, `ops -> dns.google:53/udp`,
    /// `shop/web -> data/db ping`; without a port, all of them
    #[arg(value_name = "FLOW")]
    pub flow: String,

    #[command(flatten)]
    pub view: ViewArguments,

    /// How the verdict is written
    #[arg(long, value_enum, default_value_t = WhyFormat::Human)]
    pub format: WhyFormat,
}

/// A program in its clusters, or policy objects in one.
#[derive(Args)]
pub struct ViewArguments {
    #[command(flatten)]
    pub input: InputArguments,

    /// Ask these policy objects instead of a program: a file, a folder, or `-` for standard input; may be given several
    /// times. Objects of other kinds are passed over. `-t` says whose plugin enforces them
    #[arg(long, value_name = "PATH")]
    pub policies: Vec<PathBuf>,

    /// When to use colours; `auto` respects NO_COLOR
    #[arg(long, value_enum, default_value_t = Color::Auto)]
    pub color: Color,
}

#[derive(Args)]
pub struct FmtArguments {
    /// `.weir` files, folders of them, or `-`: from standard input to standard output
    /// Without one, the project whose `weir.toml` is here or above
    #[arg(value_name = "PATH")]
    pub paths: Vec<PathBuf>,

    /// Write nothing; list the files that would change, and fail if there are any
    #[arg(long)]
    pub check: bool,

    /// Like --check, and show what would change
    #[arg(long)]
    pub diff: bool,

    #[command(flatten)]
    pub report: ReportArguments,
}

#[derive(Args)]
pub struct ExplainArguments {
    /// The code, or the name of a lint; without it, all codes are listed
    pub code: Option<String>,
}

#[derive(Args)]
pub struct StdArguments {
    /// The module, such as std.zero-trust or zero-trust; without it, all modules are listed
    pub module: Option<String>,
}

#[derive(Args)]
pub struct CompletionsArguments {
    #[arg(value_enum)]
    pub shell: clap_complete::Shell,
}

#[derive(Args)]
pub struct ManArguments {
    /// Made where it is missing. Files that are no man pages of Weir's are never touched
    #[arg(value_name = "DIR")]
    pub folder: PathBuf,
}

#[derive(Args)]
pub struct ProgramArguments {
    #[command(flatten)]
    pub input: InputArguments,

    #[command(flatten)]
    pub report: ReportArguments,

    /// Treat these as errors
    #[arg(long, value_enum, value_name = "WHAT")]
    pub deny: Option<Deny>,
}

#[derive(Args)]
pub struct DiffArguments {
    /// A program (a file, a folder, a project), a folder or file of policy objects, or a git revision such as `HEAD~1` or
    /// `main:policies/`
    #[arg(value_name = "OLD")]
    pub old: String,

    /// The same; without it what is here now
    #[arg(value_name = "NEW")]
    pub new: Option<String>,

    #[command(flatten)]
    pub input: SharedArguments,

    /// How the difference is written
    #[arg(long, value_enum, default_value_t = DiffFormat::Human)]
    pub format: DiffFormat,

    /// When to use colours; `auto` respects NO_COLOR
    #[arg(long, value_enum, default_value_t = Color::Auto)]
    pub color: Color,
}

#[derive(Args)]
pub struct DriftArguments {
    #[command(flatten)]
    pub input: InputArguments,

    /// What `kubectl get … -A -o json` says of the cluster: a file, a folder, or `-`; may be given several times. It is the
    /// inventory, too
    #[arg(long, value_name = "PATH", conflicts_with = "live")]
    pub dump: Vec<PathBuf>,

    /// Ask the cluster itself, by `kubectl get`
    #[arg(long)]
    pub live: bool,

    /// The context of kubectl's settings
    #[arg(long, value_name = "NAME", requires = "live")]
    pub context: Option<String>,

    /// The file of kubectl's settings
    #[arg(long, value_name = "FILE", requires = "live")]
    pub kubeconfig: Option<PathBuf>,

    /// How the drift is written
    #[arg(long, value_enum, default_value_t = DriftFormat::Human)]
    pub format: DriftFormat,

    /// When to use colours; `auto` respects NO_COLOR
    #[arg(long, value_enum, default_value_t = Color::Auto)]
    pub color: Color,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum DriftFormat {
    /// For a terminal
    Human,
    /// One documented object
    Json,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum DiffFormat {
    /// For a terminal
    Human,
    /// Tables for a pull request
    Markdown,
    /// One documented object a cluster
    Json,
}

#[derive(Args, Clone)]
pub struct InputArguments {
    /// `.weir` files, folders of them, or `-` for standard input; or a project: its folder or its weir.toml.
    /// Without one, the project whose weir.toml is here or above
    #[arg(value_name = "PATH")]
    pub paths: Vec<PathBuf>,

    #[command(flatten)]
    pub shared: SharedArguments,
}

impl std::ops::Deref for InputArguments {
    type Target = SharedArguments;

    fn deref(&self) -> &SharedArguments {
        &self.shared
    }
}

/// What a program is held against.
#[derive(Args, Clone)]
pub struct SharedArguments {
    /// The cluster's manifests: a file, a folder, or `-` for standard input; may be given several times.
    /// YAML and JSON, also as `.gz` and `.zst`; what `kubectl get … -o json`, Helm and kustomize write.
    /// In a project, in place of the inventory of its one cluster, or of the one that `-c` names
    #[arg(short, long, value_name = "PATH")]
    pub inventory: Vec<PathBuf>,

    /// Only this cluster of the project; `*` stands for any characters; may be given several times
    #[arg(short, long, value_name = "NAME")]
    pub cluster: Vec<String>,

    /// The policy format to write; without it that of weir.toml, else networkpolicy
    #[arg(short, long, value_name = "NAME")]
    pub target: Option<TargetName>,

    /// Which objects are written for Calico; without it those that weir.toml says, else global ones
    #[arg(long, value_name = "KIND")]
    pub calico_kind: Option<CalicoKindName>,

    /// The namespace of manifests that name none, as in Helm's output
    #[arg(short, long, value_name = "NAME", default_value = "default", value_parser = namespace_name)]
    pub namespace: String,

    /// The day on which grants with `until` are looked at, such as 2027-01-31; without it the system's, in UTC
    #[arg(long, value_name = "DATE", value_parser = day)]
    pub today: Option<Day>,
}

#[derive(Args)]
pub struct ReportArguments {
    /// How diagnostics are written
    #[arg(long, value_enum, default_value_t = Format::Human)]
    pub format: Format,

    /// When to use colours; `auto` respects NO_COLOR
    #[arg(long, value_enum, default_value_t = Color::Auto)]
    pub color: Color,
}

/// A DNS-1123 label.
fn namespace_name(text: &str) -> Result<String, String> {
    let valid = (1..=63).contains(&text.len())
        && text.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-')
        && !text.starts_with('-')
        && !text.ends_with('-');
    if valid { Ok(text.to_owned()) } else { Err("no namespace can be called so".to_owned()) }
}

fn day(text: &str) -> Result<Day, String> {
    Day::parse(text).ok_or_else(|| "a day of the calendar is written `2027-01-31`".to_owned())
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Layout {
    /// One file a namespace
    Namespace,
    /// One file for all
    Cluster,
    /// One file an object
    Object,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Format {
    /// For a terminal
    Human,
    /// One documented object
    Json,
    /// SARIF 2.1.0, for code scanning
    Sarif,
    /// Workflow commands of GitHub Actions
    Github,
    /// A Code Quality report of GitLab
    Gitlab,
    /// JUnit XML
    Junit,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum ReachFormat {
    /// A table for a terminal
    Human,
    /// One documented object a cluster, each on a line
    Json,
    /// A line a pair of ends
    Csv,
    /// A table for a pull request
    Markdown,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum WhyFormat {
    /// For a terminal
    Human,
    /// One documented object a cluster, each on a line
    Json,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Color {
    Auto,
    Always,
    Never,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Deny {
    /// Warnings make the command fail
    Warnings,
}

/// A target's name on the command line.
#[derive(Clone, Copy, Debug)]
pub struct TargetName(pub Target);

impl ValueEnum for TargetName {
    fn value_variants<'a>() -> &'a [Self] {
        const ALL: [TargetName; 4] = [
            TargetName(Target::NetworkPolicy),
            TargetName(Target::Cilium),
            TargetName(Target::Calico),
            TargetName(Target::ClusterNetworkPolicy),
        ];
        &ALL
    }

    fn to_possible_value(&self) -> Option<PossibleValue> {
        let help = match self.0 {
            Target::NetworkPolicy => "networking.k8s.io/v1",
            Target::Cilium => "cilium.io/v2",
            Target::Calico => "projectcalico.org/v3",
            Target::ClusterNetworkPolicy => "policy.networking.k8s.io/v1alpha2, beside NetworkPolicy",
        };
        Some(PossibleValue::new(self.0.name()).help(help))
    }
}

/// A kind of Calico's objects, by its name on the command line.
#[derive(Clone, Copy, Debug)]
pub struct CalicoKindName(pub CalicoKind);

impl ValueEnum for CalicoKindName {
    fn value_variants<'a>() -> &'a [Self] {
        const ALL: [CalicoKindName; 2] =
            [CalicoKindName(CalicoKind::Global), CalicoKindName(CalicoKind::Namespaced)];
        &ALL
    }

    fn to_possible_value(&self) -> Option<PossibleValue> {
        let help = match self.0 {
            CalicoKind::Global => "GlobalNetworkPolicies in a tier of their own",
            CalicoKind::Namespaced => {
                "NetworkPolicies in their namespaces, which deny nothing to unguarded pods"
            }
        };
        Some(PossibleValue::new(self.0.name()).help(help))
    }
}
