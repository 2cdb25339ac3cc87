//! The shapes of the objects that are read: the few fields that matter, borrowed from the input. Unknown fields are
//! passed over, but for those of policies; null is the same as absent. Knows nothing of inventories.

use std::net::IpAddr;

use serde::Deserialize;
use serde::de::{Deserializer, Error, IgnoredAny};

use super::loose::Loose;
use super::problem::Problem;
use super::rules::{
    ClusterIp, DnsLabel, LabelKey, LabelValue, MaybeAddress, MaybeRange, NamespaceOrNone, Operator, PortName,
    Rule, Subdomain,
};
use super::scalar::{Checked, Flag, LabelMap, Number, Obj, Parsed, Port, Str, Target};
use crate::inventory::{Protocol, ServiceType};

pub(super) use super::policy::NetworkPolicy;
pub(super) use super::policy::custom::CustomPolicy;

pub(super) type List<T> = Option<Vec<T>>;

/// `T` is what is made of annotations, which are passed over where nobody asks.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase", bound(deserialize = "R: Rule, T: Deserialize<'de>"))]
pub(super) struct Metadata<'a, R = Subdomain, T = IgnoredAny> {
    #[serde(borrow)]
    pub(super) name: Option<Checked<'a, R>>,
    #[serde(borrow)]
    pub(super) generate_name: Option<Str<'a>>,
    #[serde(borrow)]
    pub(super) namespace: Option<Checked<'a, NamespaceOrNone>>,
    #[serde(borrow)]
    pub(super) labels: Option<LabelMap<'a>>,
    #[serde(borrow)]
    pub(super) owner_references: List<Obj<OwnerReference<'a>>>,
    pub(super) annotations: Option<T>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct OwnerReference<'a> {
    #[serde(borrow)]
    pub(super) api_version: Option<Str<'a>>,
    #[serde(borrow)]
    pub(super) kind: Str<'a>,
    #[serde(borrow)]
    pub(super) name: Str<'a>,
    pub(super) controller: Option<Flag>,
}

#[derive(Deserialize)]
pub(super) struct Namespace<'a> {
    #[serde(borrow)]
    pub(super) metadata: Option<Obj<Metadata<'a, DnsLabel>>>,
}

#[derive(Deserialize)]
pub(super) struct Pod<'a> {
    #[serde(borrow)]
    pub(super) metadata: Option<Obj<Metadata<'a>>>,
    #[serde(borrow)]
    pub(super) spec: Option<Obj<PodSpec<'a>>>,
    #[serde(borrow)]
    pub(super) status: Option<Obj<PodStatus<'a>>>,
}

/// `T` is what is made of the fields of containers that only those of DaemonSets are asked for.
#[derive(Deserialize, Default)]
#[serde(rename_all = "camelCase", bound(deserialize = "T: Deserialize<'de>"))]
pub(super) struct PodSpec<'a, T = IgnoredAny> {
    #[serde(borrow)]
    pub(super) containers: List<Obj<Container<'a, T>>>,
    #[serde(borrow)]
    pub(super) init_containers: List<Obj<Container<'a, T>>>,
    pub(super) host_network: Option<Flag>,
    #[serde(borrow)]
    pub(super) service_account_name: Option<Str<'a>>,
    /// The older spelling of the same.
    #[serde(borrow)]
    pub(super) service_account: Option<Str<'a>>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", bound(deserialize = "T: Deserialize<'de>"))]
pub(super) struct Container<'a, T = IgnoredAny> {
    pub(super) name: Option<T>,
    pub(super) image: Option<T>,
    pub(super) env: Option<T>,
    #[serde(borrow)]
    pub(super) ports: List<Obj<ContainerPort<'a>>>,
    #[serde(borrow)]
    pub(super) command: List<Str<'a>>,
    #[serde(borrow)]
    pub(super) args: List<Str<'a>>,
    #[serde(borrow)]
    pub(super) restart_policy: Option<Str<'a>>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct ContainerPort<'a> {
    #[serde(borrow)]
    pub(super) name: Option<Checked<'a, PortName>>,
    pub(super) container_port: Port,
    pub(super) protocol: Option<Parsed<Protocol>>,
}

#[derive(Deserialize, Default)]
#[serde(rename_all = "camelCase")]
pub(super) struct PodStatus<'a> {
    #[serde(borrow)]
    pub(super) phase: Option<Str<'a>>,
    #[serde(rename = "podIP")]
    pub(super) pod_ip: Option<Parsed<MaybeAddress>>,
    #[serde(rename = "podIPs")]
    pub(super) pod_ips: List<Obj<IngressAddress>>,
}

/// An object around an address: a pod's, or a load balancer's.
#[derive(Deserialize)]
pub(super) struct IngressAddress {
    pub(super) ip: Option<Parsed<MaybeAddress>>,
}

/// Deployment, StatefulSet, ReplicaSet.
#[derive(Deserialize)]
#[serde(bound(deserialize = "T: Deserialize<'de>"))]
pub(super) struct Controller<'a, T = IgnoredAny> {
    #[serde(borrow)]
    pub(super) metadata: Option<Obj<Metadata<'a>>>,
    #[serde(borrow)]
    pub(super) spec: Option<Obj<ControllerSpec<'a, Obj<Selector<'a>>, T>>>,
}

pub(super) type DaemonSet<'a> = Controller<'a, Loose<'a>>;

/// A ReplicationController, whose selector is plain labels.
#[derive(Deserialize)]
pub(super) struct OldController<'a> {
    #[serde(borrow)]
    pub(super) metadata: Option<Obj<Metadata<'a>>>,
    #[serde(borrow)]
    pub(super) spec: Option<Obj<ControllerSpec<'a, LabelMap<'a>>>>,
}

#[derive(Deserialize)]
#[serde(bound(deserialize = "S: Deserialize<'de>, T: Deserialize<'de>"))]
pub(super) struct ControllerSpec<'a, S, T = IgnoredAny> {
    pub(super) replicas: Option<Number>,
    pub(super) selector: Option<S>,
    #[serde(borrow)]
    pub(super) template: Option<Obj<Template<'a, T>>>,
}

#[derive(Deserialize)]
#[serde(bound(deserialize = "T: Deserialize<'de>"))]
pub(super) struct Template<'a, T = IgnoredAny> {
    #[serde(borrow)]
    pub(super) metadata: Option<Obj<TemplateMetadata<'a>>>,
    #[serde(borrow)]
    pub(super) spec: Option<Obj<PodSpec<'a, T>>>,
}

#[derive(Deserialize)]
pub(super) struct TemplateMetadata<'a> {
    #[serde(borrow)]
    pub(super) labels: Option<LabelMap<'a>>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Selector<'a> {
    #[serde(borrow)]
    pub(super) match_labels: Option<LabelMap<'a>>,
    #[serde(borrow)]
    pub(super) match_expressions: List<Expression<'a>>,
}

pub(super) struct Expression<'a> {
    pub(super) key: Checked<'a, LabelKey>,
    pub(super) operator: Operator,
    pub(super) values: Vec<Checked<'a, LabelValue>>,
}

#[derive(Deserialize)]
struct RawExpression<'a> {
    #[serde(borrow)]
    key: Checked<'a, LabelKey>,
    operator: Parsed<Operator>,
    #[serde(borrow)]
    values: List<Checked<'a, LabelValue>>,
}

impl<'de: 'a, 'a> Deserialize<'de> for Expression<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let Obj(raw) = Obj::<RawExpression<'a>>::deserialize(deserializer)?;
        let expression =
            Expression { key: raw.key, operator: raw.operator.0, values: raw.values.unwrap_or_default() };
        let takes_values = matches!(expression.operator, Operator::In | Operator::NotIn);
        match (takes_values, expression.values.is_empty()) {
            (true, true) => Err(D::Error::custom(
                Problem::new(format!("the requirement on `{}` lists no values", &*expression.key))
                    .help("`In` and `NotIn` need at least one value"),
            )),
            (false, false) => Err(D::Error::custom(
                Problem::new(format!("the requirement on `{}` must not list values", &*expression.key))
                    .help("`Exists` and `DoesNotExist` take none"),
            )),
            _ => Ok(expression),
        }
    }
}

#[derive(Deserialize)]
pub(super) struct Job<'a> {
    #[serde(borrow)]
    pub(super) metadata: Option<Obj<Metadata<'a>>>,
    #[serde(borrow)]
    pub(super) spec: Option<Obj<JobSpec<'a>>>,
}

/// Of a Job or of a CronJob's `jobTemplate`. The selector of a Job names its pods by uid and says nothing.
#[derive(Deserialize)]
pub(super) struct JobSpec<'a> {
    #[serde(borrow)]
    pub(super) template: Option<Obj<Template<'a>>>,
}

#[derive(Deserialize)]
pub(super) struct CronJob<'a> {
    #[serde(borrow)]
    pub(super) metadata: Option<Obj<Metadata<'a>>>,
    #[serde(borrow)]
    pub(super) spec: Option<Obj<CronJobSpec<'a>>>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct CronJobSpec<'a> {
    #[serde(borrow)]
    pub(super) job_template: Option<Obj<JobTemplate<'a>>>,
}

#[derive(Deserialize)]
pub(super) struct JobTemplate<'a> {
    #[serde(borrow)]
    pub(super) spec: Option<Obj<JobSpec<'a>>>,
}

#[derive(Deserialize)]
pub(super) struct Service<'a> {
    #[serde(borrow)]
    pub(super) metadata: Option<Obj<Metadata<'a>>>,
    #[serde(borrow)]
    pub(super) spec: Option<Obj<ServiceSpec<'a>>>,
    pub(super) status: Option<Obj<ServiceStatus>>,
}

#[derive(Deserialize, Default)]
#[serde(rename_all = "camelCase")]
pub(super) struct ServiceSpec<'a> {
    #[serde(rename = "type")]
    pub(super) kind: Option<Parsed<ServiceType>>,
    #[serde(borrow)]
    pub(super) selector: Option<LabelMap<'a>>,
    #[serde(borrow)]
    pub(super) ports: List<Obj<ServicePort<'a>>>,
    #[serde(rename = "clusterIP")]
    pub(super) cluster_ip: Option<Parsed<ClusterIp>>,
    #[serde(rename = "clusterIPs")]
    pub(super) cluster_ips: List<Parsed<ClusterIp>>,
    #[serde(rename = "externalIPs")]
    pub(super) external_ips: List<Parsed<IpAddr>>,
    #[serde(borrow)]
    pub(super) external_name: Option<Str<'a>>,
    #[serde(borrow)]
    pub(super) external_traffic_policy: Option<Str<'a>>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct ServicePort<'a> {
    #[serde(borrow)]
    pub(super) name: Option<Str<'a>>,
    pub(super) port: Port,
    pub(super) protocol: Option<Parsed<Protocol>>,
    pub(super) target_port: Option<Target>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct ServiceStatus {
    pub(super) load_balancer: Option<Obj<LoadBalancer>>,
}

#[derive(Deserialize)]
pub(super) struct LoadBalancer {
    pub(super) ingress: List<Obj<IngressAddress>>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct EndpointSlice<'a> {
    #[serde(borrow)]
    pub(super) metadata: Option<Obj<Metadata<'a>>>,
    #[serde(borrow)]
    pub(super) address_type: Option<Str<'a>>,
    #[serde(borrow)]
    pub(super) endpoints: List<Obj<SliceEndpoint<'a>>>,
    #[serde(borrow)]
    pub(super) ports: List<Obj<EndpointPort<'a>>>,
}

/// Its addresses are host names where the slice's type is `FQDN`.
#[derive(Deserialize)]
pub(super) struct SliceEndpoint<'a> {
    #[serde(borrow)]
    pub(super) addresses: List<Str<'a>>,
}

#[derive(Deserialize)]
pub(super) struct EndpointPort<'a> {
    #[serde(borrow)]
    pub(super) name: Option<Str<'a>>,
    /// Without it the endpoint answers on every port.
    pub(super) port: Option<Port>,
    pub(super) protocol: Option<Parsed<Protocol>>,
}

#[derive(Deserialize)]
pub(super) struct Endpoints<'a> {
    #[serde(borrow)]
    pub(super) metadata: Option<Obj<Metadata<'a>>>,
    #[serde(borrow)]
    pub(super) subsets: List<Obj<Subset<'a>>>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Subset<'a> {
    pub(super) addresses: List<Obj<EndpointAddress>>,
    pub(super) not_ready_addresses: List<Obj<EndpointAddress>>,
    #[serde(borrow)]
    pub(super) ports: List<Obj<EndpointPort<'a>>>,
}

#[derive(Deserialize)]
pub(super) struct EndpointAddress {
    pub(super) ip: Parsed<IpAddr>,
}

#[derive(Deserialize)]
pub(super) struct Node<'a> {
    #[serde(borrow)]
    pub(super) metadata: Option<Obj<Metadata<'a, Subdomain, Loose<'a>>>>,
    pub(super) spec: Option<Obj<NodeSpec>>,
    #[serde(borrow)]
    pub(super) status: Option<Obj<NodeStatus<'a>>>,
}

#[derive(Deserialize)]
pub(super) struct NodeSpec {
    #[serde(rename = "podCIDR")]
    pub(super) pod_cidr: Option<Parsed<MaybeRange>>,
    #[serde(rename = "podCIDRs")]
    pub(super) pod_cidrs: List<Parsed<MaybeRange>>,
}

#[derive(Deserialize)]
pub(super) struct NodeStatus<'a> {
    #[serde(borrow)]
    pub(super) addresses: List<Obj<NodeAddress<'a>>>,
}

/// `InternalIP` and `ExternalIP` are addresses, the other types names.
#[derive(Deserialize)]
pub(super) struct NodeAddress<'a> {
    #[serde(borrow, rename = "type")]
    pub(super) kind: Str<'a>,
    #[serde(borrow)]
    pub(super) address: Str<'a>,
}
