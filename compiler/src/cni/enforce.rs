//! Which formats of policies a network plugin enforces. A policy that nobody enforces is worse than none: it looks as if
//! something were closed.

use super::{Cni, Plugin, Switch};
use crate::target::Target;

/// Whether what is written for a target does anything in the cluster.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Enforced {
    Yes,
    /// With the reason, to go behind a colon.
    No(String),
    /// Nobody tells which plugin it is, or Weir knows nothing of it.
    Unknown,
}

/// The formats that a plugin reads, whatever its version and switches are.
fn formats(plugin: Plugin) -> &'static [Target] {
    use Target::{Calico, Cilium, ClusterNetworkPolicy, NetworkPolicy};
    match plugin {
        Plugin::Cilium => &[NetworkPolicy, Cilium, ClusterNetworkPolicy],
        Plugin::Calico => &[NetworkPolicy, Calico, ClusterNetworkPolicy],
        Plugin::Canal => &[NetworkPolicy, Calico],
        Plugin::Antrea | Plugin::OvnKubernetes | Plugin::KubeNetworkPolicies => {
            &[NetworkPolicy, ClusterNetworkPolicy]
        }
        Plugin::GkeDataplaneV2
        | Plugin::AzureNpm
        | Plugin::WeaveNet
        | Plugin::KubeRouter
        | Plugin::AwsVpcCni
        | Plugin::Kindnet => &[NetworkPolicy],
        Plugin::Flannel | Plugin::Other => &[],
    }
}

impl Cni {
    pub fn enforces(&self, target: Target) -> Enforced {
        let Some(told) = &self.plugin else { return Enforced::Unknown };
        let plugin = told.value;
        let no = |why: String| Enforced::No(why);
        if plugin == Plugin::Other {
            // Of such a one only what is said of it is known.
            return match (target, self.switches.get(&Switch::NetworkPolicy)) {
                (Target::NetworkPolicy, Some(told)) if !told.value => {
                    no("it is told to leave NetworkPolicies alone".to_owned())
                }
                (Target::NetworkPolicy, Some(_)) => Enforced::Yes,
                _ => Enforced::Unknown,
            };
        }
        if plugin == Plugin::Flannel {
            return no("`flannel` connects pods and enforces no policies at all".to_owned());
        }
        if !formats(plugin).contains(&target) {
            return no(format!("`{plugin}` does not read the policies of that target"));
        }
        if !self.is_on(Switch::Enforcement, true) {
            return no(format!("`{plugin}` is told not to enforce policies"));
        }
        match (plugin, target) {
            (Plugin::AwsVpcCni, _) if !self.is_on(Switch::NetworkPolicy, true) => {
                no("its network policy agent is switched off".to_owned())
            }
            // Postures and grants of a ClusterNetworkPolicy build are NetworkPolicies too.
            (_, Target::NetworkPolicy | Target::ClusterNetworkPolicy)
                if !self.is_on(Switch::NetworkPolicy, true) =>
            {
                no(format!("`{plugin}` is told to leave NetworkPolicies alone"))
            }
            (Plugin::Kindnet, _) if self.is_early_kindnet() => {
                no("this version of `kindnet` enforces no policies yet".to_owned())
            }
            // `enableDefaultDeny` and `endPort` mean nothing to it, and are left out without a word.
            (Plugin::Cilium, Target::Cilium) if self.is_older_than(1, 16) => {
                no("only Cilium 1.16 and later read all that is written for it".to_owned())
            }
            (_, Target::ClusterNetworkPolicy) => self.enforces_above_namespaces(plugin),
            _ => Enforced::Yes,
        }
    }

    /// ClusterNetworkPolicy is young: plugins that read it do so since some version, and Cilium where it is told to.
    fn enforces_above_namespaces(&self, plugin: Plugin) -> Enforced {
        let no = |why: &str| Enforced::No(why.to_owned());
        let told = self.switches.get(&Switch::ClusterNetworkPolicy).map(|told| told.value);
        match (plugin, told) {
            (Plugin::Cilium, _) if self.is_older_than(1, 20) => {
                no("only Cilium 1.20 and later read ClusterNetworkPolicies")
            }
            (Plugin::Calico, _) if self.is_older_than(3, 32) => {
                no("only Calico 3.32 and later read ClusterNetworkPolicies")
            }
            (_, Some(true)) => Enforced::Yes,
            (Plugin::Cilium, _) => no(
                "`enable-k8s-cluster-network-policy`, which is off unless it is set, is not known to be on",
            ),
            (_, Some(false)) => no("it is told to leave ClusterNetworkPolicies alone"),
            (Plugin::Calico, None) if self.version.is_none() => Enforced::Unknown,
            (_, None) => Enforced::Yes,
        }
    }

    /// Every target that it is known to enforce.
    pub fn enforced(&self) -> Vec<Target> {
        Target::ALL.iter().copied().filter(|target| self.enforces(*target) == Enforced::Yes).collect()
    }

    /// kind's network has enforced policies since the summer of 2024; its versions are days. The one that is released
    /// by itself has since its version 1.3.
    fn is_early_kindnet(&self) -> bool {
        const DAYS: u32 = 20_000_000;
        match self.is_at_least(DAYS, 0) {
            true => self.is_older_than(20_240_723, 0),
            false => self.is_older_than(1, 3),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cni::Version;
    use crate::project::{CniTable, Stated};
    use crate::source::{FileId, Place};
    use weir_cluster::inventory::cni::Evidence;
    use weir_grammar::Span;

    /// What a table tells: a name, a version, switches with `-` before those that are off.
    fn told(words: &str) -> Cni {
        fn stated<T>(value: T) -> Stated<T> {
            Stated { value, place: Place { file: FileId(0), span: Span::new(0, 0) } }
        }
        let mut table = CniTable::default();
        for word in words.split_whitespace() {
            let switch = word.trim_start_matches(['+', '-']);
            if word.starts_with(['+', '-']) {
                let switch = Switch::parse(switch).unwrap_or_else(|| panic!("{word}"));
                table.switches.insert(switch, stated(word.starts_with('+')));
            } else if let Some(plugin) = Plugin::parse(word) {
                table.name = Some(stated(plugin));
            } else {
                table.version = Version::parse(word).map(stated);
            }
        }
        Cni::of(&Evidence::default(), &table)
    }

    #[test]
    fn each_plugin_has_its_formats() {
        let (k, i, c, a) = ("networkpolicy", "cilium", "calico", "clusternetworkpolicy");
        let rows: &[(&str, &[&str])] = &[
            ("", &[]),
            ("other", &[]),
            ("other +network-policy", &[k]),
            ("flannel", &[]),
            ("cilium", &[k, i]),
            ("cilium 1.20.0 +cluster-network-policy", &[k, i, a]),
            ("cilium +cluster-network-policy", &[k, i, a]),
            ("cilium 1.20.0-rc.1 +cluster-network-policy", &[k, i]),
            ("cilium 1.20.0", &[k, i]),
            ("cilium -network-policy", &[i]),
            ("cilium -enforcement", &[]),
            ("calico", &[k, c]),
            ("calico 3.31.2", &[k, c]),
            ("calico 3.32.0", &[k, c, a]),
            ("canal 3.32.0", &[k, c]),
            ("gke-dataplane-v2", &[k]),
            ("aws-vpc-cni", &[k]),
            ("aws-vpc-cni -network-policy", &[]),
            ("kindnet", &[k]),
            ("kindnet 20240513-cd2ac642", &[]),
            ("kindnet 20250512-df8de77b", &[k]),
            ("kindnet 1.2.0", &[]),
            ("kindnet 1.8.0", &[k]),
            ("weave-net", &[k]),
            ("kube-router", &[k]),
            ("azure-npm", &[k]),
            ("antrea", &[k, a]),
            ("antrea -cluster-network-policy", &[k]),
            ("ovn-kubernetes", &[k, a]),
            ("kube-network-policies", &[k, a]),
        ];
        for (words, expected) in rows {
            let enforced: Vec<&str> = told(words).enforced().into_iter().map(Target::name).collect();
            assert_eq!(&enforced, expected, "{words}");
        }
    }

    #[test]
    fn what_nobody_tells_is_not_refused() {
        for target in Target::ALL {
            assert_eq!(told("").enforces(*target), Enforced::Unknown);
            assert_eq!(told("other").enforces(*target), Enforced::Unknown);
        }
        assert_eq!(told("calico").enforces(Target::ClusterNetworkPolicy), Enforced::Unknown);
    }
}
