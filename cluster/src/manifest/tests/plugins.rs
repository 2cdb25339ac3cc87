//! What is kept of the policies of network plugins: what is absent and what is empty, what is Weir's own, and that one
//! which is not understood is kept as such.

use super::*;
use crate::inventory::{CiliumPeer, GroupKind, Inventory, PolicyKind, PolicyRules};

fn object(kind: &str, version: &str, spec: &str) -> String {
    format!("apiVersion: {version}\nkind: {kind}\nmetadata: {{name: p, namespace: shop}}\n{spec}\n")
}

fn cilium(spec: &str) -> String {
    object("CiliumNetworkPolicy", "cilium.io/v2", &format!("spec: {spec}"))
}

fn calico(spec: &str) -> String {
    object("NetworkPolicy", "projectcalico.org/v3", &format!("spec: {spec}"))
}

fn cluster(spec: &str) -> String {
    object("ClusterNetworkPolicy", "policy.networking.k8s.io/v1alpha2", &format!("spec: {spec}"))
}

fn rules(text: &str) -> PolicyRules {
    read(text).policies.remove(0).rules
}

fn refused(text: &str) -> String {
    match rules(text) {
        PolicyRules::NotUnderstood(why) => why.to_string(),
        other => format!("{other:?}"),
    }
}

/// Peers, ports and what else there is of the rules of the ingress.
fn ingress(part: &str) -> (Option<usize>, Option<usize>, bool) {
    let PolicyRules::Cilium(rules) =
        rules(&cilium(&format!("{{endpointSelector: {{}}, ingress: [{part}]}}")))
    else {
        panic!()
    };
    let part = &rules[0].ingress[0];
    (part.peers.as_ref().map(Vec::len), part.ports.as_ref().map(Vec::len), part.narrowed)
}

#[test]
fn in_cilium_empty_is_not_absent() {
    assert_eq!(ingress("{}"), (None, None, false));
    assert_eq!(ingress("{fromEndpoints: []}"), (Some(0), None, false));
    assert_eq!(ingress("{fromEndpoints: null}"), (None, None, false));
    assert_eq!(ingress("{fromEndpoints: [{}]}"), (Some(1), None, false));
    assert_eq!(ingress("{fromGroups: []}"), (None, None, false));
    assert_eq!(ingress("{toPorts: []}"), (None, None, false));
    assert_eq!(ingress("{toPorts: [{}]}"), (None, Some(0), false));
    assert_eq!(ingress("{toPorts: [{ports: [{port: '80'}]}]}"), (None, Some(3), false));
    assert_eq!(ingress("{toPorts: [{ports: [{port: '80', protocol: TCP}]}]}"), (None, Some(1), false));
    assert_eq!(ingress("{icmps: [{fields: [{type: 8}]}]}"), (None, Some(0), false));
    assert_eq!(
        ingress("{toPorts: [{ports: [{port: web, protocol: TCP}], rules: {http: [{}]}}]}"),
        (None, Some(1), true)
    );
    assert_eq!(ingress("{authentication: {mode: required}}"), (None, None, true));
}

#[test]
fn cilium_closes_the_ways_it_has_rules_for() {
    let closes = |spec: &str| match rules(&cilium(spec)) {
        PolicyRules::Cilium(rules) => (rules[0].closes_ingress, rules[0].closes_egress),
        other => panic!("{other:?}"),
    };
    assert_eq!(closes("{endpointSelector: {}, ingress: [{}]}"), (true, false));
    assert_eq!(closes("{endpointSelector: {}, ingress: [], egressDeny: [{}]}"), (false, true));
    assert_eq!(
        closes("{endpointSelector: {}, ingress: [{}], enableDefaultDeny: {ingress: false, egress: true}}"),
        (false, true)
    );
}

#[test]
fn rules_about_nodes_are_left_out() {
    let text = "apiVersion: cilium.io/v2\nkind: CiliumClusterwideNetworkPolicy\nmetadata: {name: p}\nspecs: \
                [{nodeSelector: {}, ingress: [{}]}, {endpointSelector: {}, egress: [{toCIDR: [10.0.0.1]}]}]\n";
    let inventory = read(text);
    assert_eq!(inventory.policies[0].namespace, None);
    let PolicyRules::Cilium(rules) = &inventory.policies[0].rules else { panic!() };
    let peers = rules[0].egress[0].peers.as_ref().unwrap();
    assert!(matches!(&peers[..], [CiliumPeer::Block { cidr, .. }] if cidr.to_string() == "10.0.0.1/32"));
    assert_eq!(rules.len(), 1);
}

#[test]
fn what_is_not_understood_is_kept() {
    assert_eq!(refused(&cilium("{endpointSelector: {}, ingres: []}")), "there is no field `ingres` here");
    assert_eq!(
        refused(&cilium("{endpointSelector: {}, ingress: [{fromCIDR: [], fromEntities: []}]}")),
        "`fromCIDR` and `fromEntities` stand in one rule, which Cilium refuses"
    );
    assert_eq!(
        refused(&cilium("{endpointSelector: {}, ingress: [{toEndpoints: []}]}")),
        "there is no field `toEndpoints` here"
    );
    assert_eq!(
        refused(&cilium("{endpointSelector: {}, ingress: [{fromEntities: [moon]}]}")),
        "unknown entity `moon`"
    );
    assert_eq!(refused(&cilium("{}")), "a rule has neither `endpointSelector` nor `nodeSelector`");
    assert_eq!(refused(&cilium("null")), "it has neither `spec` nor `specs`");
    assert_eq!(refused(&cilium("[]")), "expected an object, found a list");
    assert_eq!(refused(&calico("{selector: 'app = x'}")), "`=` means nothing in a selector");
    assert_eq!(refused(&calico("{ingress: [{action: Drop}]}")), "unknown action `Drop`");
    assert_eq!(refused(&calico("{order: first}")), "expected a number, found the text `first`");
    assert_eq!(refused(&cluster("{tier: Admin}")), "one of `tier`, `priority` and `subject` is missing");
}

#[test]
fn calico_governs_what_it_has_rules_for() {
    let governs = |spec: &str| match rules(&calico(spec)) {
        PolicyRules::Calico(policy) => {
            (policy.ingress.map(|all| all.len()), policy.egress.map(|all| all.len()))
        }
        other => panic!("{other:?}"),
    };
    assert_eq!(governs("{}"), (Some(0), None));
    assert_eq!(governs("{egress: [{action: Allow}]}"), (None, Some(1)));
    assert_eq!(
        governs("{ingress: [{action: Log}, {action: Deny}], egress: [{action: Pass}]}"),
        (Some(1), Some(1))
    );
    assert_eq!(governs("{types: [Egress], ingress: [{action: Allow}]}"), (None, Some(0)));
}

fn names(inventory: &Inventory) -> Vec<(PolicyKind, &str, bool)> {
    inventory.policies.iter().map(|policy| (policy.kind, &*policy.name, policy.ours)).collect()
}

#[test]
fn calico_is_read_as_it_is_stored_too() {
    let stored = "apiVersion: crd.projectcalico.org/v1\nkind: GlobalNetworkPolicy\nmetadata: {name: default.p, \
                  annotations: {projectcalico.org/metadata: \
                  '{\"labels\":{\"app.kubernetes.io/managed-by\":\"weir\"}}'}}\nspec: {order: 5, selector: all()}\n";
    let plain = "apiVersion: projectcalico.org/v3\nkind: GlobalNetworkPolicy\nmetadata: {name: p, labels: \
                 {app.kubernetes.io/managed-by: weir}}\nspec: {order: 5, selector: all(), tier: default}\n";
    let expected = [(PolicyKind::CalicoGlobalNetworkPolicy, "p", true)];
    assert_eq!(names(&read_all(&[stored, plain])), expected);
    // Calico's view of what Kubernetes has.
    let view = calico("{}").replace("name: p", "name: knp.default.p");
    let inventory = read(&view);
    assert!(inventory.policies.is_empty());
    assert_eq!(inventory.skipped.len(), 1);
    // What only lives in a node's own interfaces.
    assert!(read(&plain.replace("order: 5", "doNotTrack: true")).policies.is_empty());
}

#[test]
fn tiers_and_groups_of_addresses() {
    let inventory = read(
        "apiVersion: projectcalico.org/v3\nkind: Tier\nmetadata: {name: security}\nspec: {order: 100, \
         defaultAction: Pass}\n---\napiVersion: projectcalico.org/v3\nkind: NetworkSet\nmetadata: {name: nets, \
         namespace: shop, labels: {a: b}}\nspec: {nets: [10.1.2.3, 10.2.0.0/16]}\n---\napiVersion: \
         cilium.io/v2alpha1\nkind: CiliumCIDRGroup\nmetadata: {name: g}\nspec: {externalCIDRs: [10.0.0.0/8]}\n",
    );
    assert_eq!((inventory.tiers[0].order, inventory.tiers[0].passes), (Some(100.0), true));
    let groups: Vec<_> =
        inventory.address_groups.iter().map(|group| (group.kind, group.blocks.len())).collect();
    assert_eq!(groups, [(GroupKind::CiliumCidrGroup, 1), (GroupKind::CalicoNetworkSet, 2)]);
    let bad = "apiVersion: projectcalico.org/v3\nkind: Tier\nmetadata: {name: t}\nspec: {order: x}\n";
    assert_eq!(error(bad), "1:1: expected a number, found the text `x`");
}

#[test]
fn cluster_policies_keep_their_order() {
    let PolicyRules::Cluster(policy) = rules(&cluster(
        "{tier: Admin, priority: 7, subject: {namespaces: {}}, ingress: [{action: Deny, from: [{pods: \
         {namespaceSelector: {}, podSelector: {}}}], protocols: [{tcp: {destinationPort: {number: 80}}}, \
         {destinationNamedPort: dns}]}, {action: Pass, from: [{namespaces: {}}]}], egress: [{action: Accept, to: \
         [{networks: [10.0.0.0/8, 11.0.0.0/8]}]}]}",
    )) else {
        panic!()
    };
    assert_eq!((policy.priority, policy.ingress.len()), (7, 2));
    assert_eq!(policy.ingress[0].ports.as_ref().map(Vec::len), Some(4));
    assert_eq!(policy.egress[0].peers.len(), 2);
}
