//! The codes of diagnostics. Each has a title and a page, `docs/errors/CODE.md`, whose example yields exactly it.
//! Codes are never used again for something else.

use crate::project::Level;

macro_rules! codes {
    ($($code:ident $title:literal)*) => {
        /// A stable name for one kind of diagnostic: `E…` for errors, `W…` for lints.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum Code { $($code),* }

        impl Code {
            pub const ALL: &[Code] = &[$(Code::$code),*];

            pub fn name(self) -> &'static str {
                match self { $(Code::$code => stringify!($code)),* }
            }

            /// The kind of problem in a few words.
            pub fn title(self) -> &'static str {
                match self { $(Code::$code => $title),* }
            }

            /// The page that explains it, as Markdown.
            pub fn page(self) -> &'static str {
                match self {
                    $(Code::$code => include_str!(concat!("../../docs/errors/", stringify!($code), ".md"))),*
                }
            }
        }
    };
}

codes! {
    // E01: the text
    E0101 "a word that does not fit"
    E0102 "a sentence without `;`"
    E0103 "a bracket without its partner"
    E0104 "no word of the language"
    E0105 "a text without its closing quote"
    E0106 "operators that need parentheses"
    E0107 "a reserved word as a name"
    E0108 "brackets nested too deeply"
    E0109 "a clause too many"
    E0110 "a malformed address"
    E0111 "a malformed port"
    E0112 "ports in two places"
    E0113 "a malformed label"
    E0114 "no day of the calendar"
    E0115 "a malformed HTTP request"
    E0116 "a statement that does not stand here"
    E0117 "`until` on what has no end"
    // E02: names
    E0201 "an unknown name"
    E0202 "a name for several things"
    E0203 "a name of another namespace"
    E0204 "an unknown namespace"
    E0205 "labels that match nothing"
    E0206 "a name defined twice"
    E0207 "a name defined by itself"
    E0208 "a label that changes with every rollout"
    E0209 "nothing to compile"
    E0210 "facts that the inventory does not hold"
    E0211 "a name of two modules"
    E0212 "an unknown module"
    E0213 "modules in a circle"
    E0214 "an unknown policy"
    E0215 "a policy that applies itself"
    E0216 "too many arguments, or too few"
    E0217 "an unknown cluster"
    E0218 "a program that grows too large"
    // E03: kinds and ports
    E0301 "a posture on what is no pod"
    E0302 "a host name as a source"
    E0303 "a port on a subject"
    E0304 "a port that is not exposed"
    E0305 "a port under another protocol"
    E0306 "a port that means two things"
    E0307 "a range that runs backwards"
    E0308 "sets of different kinds"
    E0309 "`each` on what is no group"
    E0310 "a workload on the host network"
    E0311 "an address of the cluster"
    E0312 "`anyone` in a block"
    E0313 "labels on what has none"
    E0314 "a posture that guards nothing"
    E0315 "a workload without labels"
    E0316 "a set of too many parts"
    E0317 "a service without pods"
    E0318 "a partition as a set"
    E0319 "a parameter of two kinds"
    E0320 "an argument of another kind"
    E0321 "HTTP where there is none"
    E0322 "`reaches` without ports"
    E0323 "a ping to a port"
    // E04: the target
    E0401 "host names need another target"
    E0402 "a set that would fail open"
    E0403 "a service account that labels do not tell apart"
    E0404 "HTTP needs another target"
    E0405 "a ping needs another target"
    E0406 "a label that the CNI does not see"
    E0407 "a target that the network plugin does not enforce"
    E0408 "what the network plugin is not set up for"
    E0409 "a `must not` that the target cannot deny"
    E0410 "a selector too long for the target"
    E0411 "a host name of the cluster itself"
    E0412 "host names without the DNS"
    E0413 "more denials than priorities"
    E0414 "addresses of the cluster that ranges do not match"
    // E05: conflicts
    E0501 "open, and guarded"
    E0502 "locked, and isolated"
    E0503 "a posture that cuts the cluster's own services"
    E0504 "a grant of what must not be"
    E0505 "a `must not` that nothing keeps"
    E0506 "a grant beside an `only`"
    E0507 "a `must reach` that is closed"
    E0508 "a test that fails"
    E0509 "a policy of others opens what must not be"
    E0510 "a policy of others closes what must be reached"
    E0511 "no test to run"
    // E06: proofs
    E0601 "objects that are not the program"
    E0602 "policies that cannot be read"
    E0603 "what cannot be proved"
    E0604 "flows that the format leaves open"
    // E07: project and files
    E0701 "a file that is no text"
    E0702 "what cannot be read or written"
    E0703 "a malformed weir.toml"
    E0704 "a question about nothing"
    E0705 "policies that nothing enforces"
    // E08: inventory
    E0801 "a malformed manifest"
    E0802 "policies of another format"
    // lints
    W0101 "a grant that changes nothing"
    W0102 "a grant without ports"
    W0103 "a selector that catches more"
    W0104 "DNS by convention"
    W0105 "one isolation over several namespaces"
    W0106 "a port under two protocols"
    W0107 "a workload that reaches itself"
    W0108 "a grant to or from anywhere"
    W0109 "a service without a selector"
    W0110 "clients that the pod does not see"
    W0111 "bound to today's inventory"
    W0112 "pod addresses that are not known"
    W0113 "pods on the host network left out"
    W0114 "a name that nothing uses"
    W0115 "a module that nothing uses"
    W0116 "namespaces that belong to no part"
    W0117 "a sentence said twice"
    W0118 "a sentence within a wider one"
    W0119 "everything to everyone"
    W0120 "a grant to the whole internet"
    W0121 "a grant that has ended"
    W0122 "a grant that ends soon"
    W0123 "a closed system namespace"
    W0124 "a namespace that no posture covers"
    W0125 "a label as a boundary"
    W0126 "an allowance that allows nothing"
    W0127 "a port of a workload that declares none"
    W0128 "a promise that holds today"
    W0129 "a policy of others widens a guard"
    W0130 "a policy of others closes what is granted"
    W0131 "a policy map that may overflow"
    W0132 "a service that the network plugin does not admit"
    W0133 "pods that start before their policies"
    W0134 "a network plugin that the inventory shows otherwise"
    W0135 "a port name with several numbers"
    W0136 "calls of a managed API server"
    W0137 "a policy of others that is not understood"
}

macro_rules! lints {
    ($($code:ident $name:literal $level:ident)*) => {
        impl Code {
            /// The name by which `weir.toml` and comments know a lint, and its level where they say nothing.
            pub fn lint(self) -> Option<(&'static str, Level)> {
                match self {
                    $(Code::$code => Some(($name, Level::$level)),)*
                    _ => None,
                }
            }
        }
    };
}

lints! {
    W0101 "idle-grant" Warn
    W0102 "grant-without-port" Warn
    W0103 "wide-selector" Warn
    W0104 "dns-by-convention" Warn
    W0105 "isolation-spans-namespaces" Warn
    W0106 "two-protocols" Warn
    W0107 "reaches-itself" Warn
    W0108 "anywhere" Warn
    W0109 "service-without-selector" Warn
    W0110 "client-hidden" Warn
    W0111 "bound-to-today" Warn
    W0112 "unknown-pod-ranges" Warn
    W0113 "host-network" Warn
    W0114 "unused-name" Warn
    W0115 "unused-module" Warn
    W0116 "outside-partition" Warn
    W0117 "duplicate-sentence" Warn
    W0118 "shadowed-sentence" Warn
    W0119 "everything-to-everyone" Warn
    W0120 "whole-internet" Warn
    W0121 "expired" Warn
    W0122 "expires-soon" Warn
    W0123 "system-locked" Warn
    W0124 "uncovered-namespace" Allow
    W0125 "mutable-boundary" Warn
    W0126 "unused-allow" Warn
    W0127 "undeclared-port" Allow
    W0128 "holds-today" Warn
    W0129 "foreign-allow" Warn
    W0130 "foreign-deny" Warn
    W0131 "policy-map" Warn
    W0132 "service-cut-off" Warn
    W0133 "unguarded-start" Warn
    W0134 "cni-mismatch" Warn
    W0135 "many-numbered-name" Warn
    W0136 "managed-apiserver" Warn
    W0137 "foreign-unknown" Warn
}

impl Code {
    /// A lint by its name or its code.
    pub fn parse_lint(name: &str) -> Option<Code> {
        let named = |code: &&Code| code.lint().is_some_and(|(own, _)| own == name || code.name() == name);
        Code::ALL.iter().find(named).copied()
    }

    pub fn parse(name: &str) -> Option<Code> {
        Code::ALL.iter().copied().find(|code| code.name().eq_ignore_ascii_case(name))
    }
}
