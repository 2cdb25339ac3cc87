//! CiliumNetworkPolicies and CiliumClusterwideNetworkPolicies as plain data. Selectors keep their keys as they are
//! written, with sources (`k8s:app`) and Cilium's own labels among them.

use ipnet::IpNet;

use super::PolicyPort;
use crate::labels::{Requirement, Text};

/// One rule about pods; those about nodes are left out.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct CiliumRule {
    pub endpoints: Vec<Requirement>,
    pub ingress: Vec<CiliumPart>,
    pub ingress_deny: Vec<CiliumPart>,
    pub egress: Vec<CiliumPart>,
    pub egress_deny: Vec<CiliumPart>,
    /// Whether its pods are closed to what nothing admits.
    pub closes_ingress: bool,
    pub closes_egress: bool,
}

/// Admits, or denies, every one of its peers on every one of its ports. Where it has neither it is about nothing.
#[derive(Clone, Debug, PartialEq)]
pub struct CiliumPart {
    /// `None` is everyone, an empty list nobody.
    pub peers: Option<Vec<CiliumPeer>>,
    /// `None` is every port of every protocol, an empty list none (as in a rule about ICMP).
    pub ports: Option<Vec<PolicyPort>>,
    /// Less than whole connections: some requests of a protocol, or of peers that prove who they are.
    pub narrowed: bool,
}

#[derive(Clone, Debug, PartialEq)]
pub enum CiliumPeer {
    Endpoints(Vec<Requirement>),
    Block {
        cidr: IpNet,
        except: Vec<IpNet>,
    },
    /// A CiliumCIDRGroup by its name.
    Group {
        name: Text,
        except: Vec<IpNet>,
    },
    /// CiliumCIDRGroups by their labels.
    Groups {
        selector: Vec<Requirement>,
        except: Vec<IpNet>,
    },
    Entity(CiliumEntity),
    /// Nodes by their labels.
    Nodes,
    /// Without a namespace: the policy's own.
    Service {
        namespace: Option<Text>,
        name: Text,
    },
    /// Services by their labels; without a namespace those of all.
    Services {
        namespace: Option<Text>,
        selector: Vec<Requirement>,
    },
    /// A host name, or a pattern of such.
    Host(Text),
    /// What a cloud provider knows by a name.
    Cloud,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CiliumEntity {
    All,
    World,
    WorldV4,
    WorldV6,
    Cluster,
    ClusterMesh,
    Host,
    RemoteNode,
    ApiServer,
    Ingress,
    Health,
    Init,
    Unmanaged,
    None,
}
