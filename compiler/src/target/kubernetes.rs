//! NetworkPolicy (networking.k8s.io/v1): from the relation to objects.
//!
//! `bind` replaces what the format cannot select by, `lower` makes rules for guarded pods, `merge` makes them few,
//! `names` names the objects, `objects` spells them in Kubernetes' own types.

mod bind;
mod lower;
mod merge;
mod names;
mod objects;

pub use bind::bind;
pub use k8s_openapi::api::networking::v1::NetworkPolicy;
pub use lower::lower;
