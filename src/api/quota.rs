//! ResourceQuotas and LimitRanges: how much a namespace may hold, and each of its containers.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::Quantity;
use super::meta::ObjectMeta;
use super::node::quantity_text;
use super::value::{Map, Value};

/// Amounts by the names that quotas have for them (`pods`, `requests.cpu`, `count/daemonsets.apps`), in milli-units.
pub type Amounts = BTreeMap<String, i64>;

#[derive(Clone, Debug, PartialEq)]
pub struct ResourceQuota {
    pub meta: ObjectMeta,
    pub hard: Amounts,
    pub spec: Arc<Value>,
    pub status: Option<QuotaStatus>,
}

/// What the quota's controller and the API server's admission have counted; there is none until the first count.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct QuotaStatus {
    pub hard: Arc<Amounts>,
    pub used: Arc<Amounts>,
}

impl ResourceQuota {
    pub fn from_value(value: &Value) -> Self {
        let milli = |amount: &Value| match amount {
            Value::Int(number) => Some(number.saturating_mul(1000)),
            amount => Quantity::parse(amount.as_str()?).ok().map(|quantity| quantity.milli()),
        };
        let mut hard = Amounts::new();
        for (name, amount) in value.at(&["spec", "hard"]).and_then(Value::as_map).into_iter().flatten() {
            if let Some(milli) = milli(amount) {
                hard.insert(name.clone(), milli);
            }
        }
        let spec = Arc::new(value.get("spec").cloned().unwrap_or_default());
        ResourceQuota { meta: ObjectMeta::from_value(value), hard, spec, status: None }
    }

    pub fn to_value(&self) -> Value {
        let amounts = |amounts: &Amounts| {
            let text = |(name, milli): (&String, &i64)| (name.clone(), amount_text(name, *milli).into());
            Value::Map(amounts.iter().map(text).collect())
        };
        let mut status = Map::new();
        if let Some(counted) = &self.status {
            status.insert("hard".to_owned(), amounts(&counted.hard));
            status.insert("used".to_owned(), amounts(&counted.used));
        }
        [
            ("apiVersion", Value::from("v1")),
            ("kind", "ResourceQuota".into()),
            ("metadata", self.meta.to_value()),
            ("spec", (*self.spec).clone()),
            ("status", Value::Map(status)),
        ]
        .into()
    }
}

/// An amount as quotas print it.
pub fn amount_text(name: &str, milli: i64) -> String {
    quantity_text(name.rsplit('.').next().unwrap_or(name), milli)
}

/// What a namespace fills in for containers, and their bounds.
#[derive(Clone, Debug, PartialEq)]
pub struct LimitRange {
    pub meta: ObjectMeta,
    pub spec: Arc<Value>,
}

impl LimitRange {
    pub fn from_value(value: &Value) -> Self {
        let spec = Arc::new(value.get("spec").cloned().unwrap_or_default());
        LimitRange { meta: ObjectMeta::from_value(value), spec }
    }

    pub fn to_value(&self) -> Value {
        [
            ("apiVersion", Value::from("v1")),
            ("kind", "LimitRange".into()),
            ("metadata", self.meta.to_value()),
            ("spec", (*self.spec).clone()),
        ]
        .into()
    }
}
