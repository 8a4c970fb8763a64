//! The one persistent map of the core: ordered by key, cheap to clone, shared until written to.
//!
//! A persistent map is a lot of code, and a copy of it for each type of key and value would be a third of the page's
//! download. So there is one, over keys as bytes that sort like the keys; [`Table`] gives it its types back.

use std::any::Any;
use std::borrow::Borrow;
use std::fmt;
use std::marker::PhantomData;
use std::sync::Arc;

use imbl::OrdMap;

use crate::api::{Name, ObjectKey, SimTime, Uid};

/// A key as bytes. The bytes sort as the keys do.
pub trait TableKey {
    fn encode(&self, bytes: &mut Vec<u8>);
}

/// Ends a text inside a key, so that no text runs into the next one. Names contain no such byte.
const END: u8 = 0;

impl TableKey for str {
    fn encode(&self, bytes: &mut Vec<u8>) {
        bytes.extend_from_slice(self.as_bytes());
        bytes.push(END);
    }
}

impl TableKey for Name {
    fn encode(&self, bytes: &mut Vec<u8>) {
        (**self).encode(bytes);
    }
}

impl TableKey for ObjectKey {
    fn encode(&self, bytes: &mut Vec<u8>) {
        self.namespace.encode(bytes);
        self.name.encode(bytes);
    }
}

impl TableKey for u64 {
    fn encode(&self, bytes: &mut Vec<u8>) {
        bytes.extend_from_slice(&self.to_be_bytes());
    }
}

impl TableKey for i64 {
    fn encode(&self, bytes: &mut Vec<u8>) {
        // Negative numbers come first.
        self.wrapping_add(i64::MIN).cast_unsigned().encode(bytes);
    }
}

impl TableKey for SimTime {
    fn encode(&self, bytes: &mut Vec<u8>) {
        self.0.encode(bytes);
    }
}

impl TableKey for Uid {
    fn encode(&self, bytes: &mut Vec<u8>) {
        bytes.extend_from_slice(&self.0.to_be_bytes());
    }
}

impl<A: TableKey, B: TableKey> TableKey for (A, B) {
    fn encode(&self, bytes: &mut Vec<u8>) {
        self.0.encode(bytes);
        self.1.encode(bytes);
    }
}

impl<A: TableKey, B: TableKey, C: TableKey> TableKey for (A, B, C) {
    fn encode(&self, bytes: &mut Vec<u8>) {
        self.0.encode(bytes);
        self.1.encode(bytes);
        self.2.encode(bytes);
    }
}

/// A key and its value, of whatever types.
type Entry = Arc<dyn Any + Send + Sync>;
type Entries = OrdMap<Arc<[u8]>, Entry>;

// These are not generic, so they are compiled once.

fn find<'a>(entries: &'a Entries, key: &[u8]) -> Option<&'a Entry> {
    entries.get(key)
}

fn put(entries: &mut Entries, key: Vec<u8>, entry: Entry) -> Option<Entry> {
    entries.insert(key.into(), entry)
}

fn take(entries: &mut Entries, key: &[u8]) -> Option<Entry> {
    entries.remove(key)
}

/// A persistent, ordered map.
pub struct Table<K, V> {
    entries: Entries,
    types: PhantomData<fn() -> (K, V)>,
}

impl<K: TableKey + Clone + Send + Sync + 'static, V: Clone + Send + Sync + 'static> Table<K, V> {
    pub fn new() -> Self {
        Self::default()
    }

    pub fn len(&self) -> usize {
        self.entries.len()
    }

    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    pub fn get<Q: TableKey + ?Sized>(&self, key: &Q) -> Option<&V>
    where
        K: Borrow<Q>,
    {
        find(&self.entries, &encoded(key)).and_then(typed::<K, V>).map(|(_, value)| value)
    }

    pub fn contains_key<Q: TableKey + ?Sized>(&self, key: &Q) -> bool
    where
        K: Borrow<Q>,
    {
        find(&self.entries, &encoded(key)).is_some()
    }

    /// Puts a value at a key; what was there before goes.
    pub fn insert(&mut self, key: K, value: V) {
        let bytes = encoded(&key);
        put(&mut self.entries, bytes, Arc::new((key, value)));
    }

    pub fn remove<Q: TableKey + ?Sized>(&mut self, key: &Q) -> Option<V>
    where
        K: Borrow<Q>,
    {
        take(&mut self.entries, &encoded(key)).and_then(owned::<K, V>).map(|(_, value)| value)
    }

    /// Changes the value at a key, or the default where there is none; `None` leaves the key empty.
    pub fn update(&mut self, key: K, change: impl FnOnce(Option<V>) -> Option<V>) {
        // Taken out first, so that what is changed is not shared with the table.
        let old = self.remove(&key);
        if let Some(new) = change(old) {
            self.insert(key, new);
        }
    }

    /// The entry with the smallest key.
    pub fn first(&self) -> Option<(&K, &V)> {
        self.entries.get_min().and_then(|(_, entry)| typed(entry)).map(|(key, value)| (key, value))
    }

    /// Takes out the entry with the smallest key.
    pub fn pop_first(&mut self) -> Option<(K, V)> {
        let bytes = self.entries.get_min()?.0.clone();
        take(&mut self.entries, &bytes).and_then(owned)
    }

    /// All entries, in the order of their keys.
    pub fn iter(&self) -> impl Iterator<Item = (&K, &V)> {
        self.entries.iter().filter_map(|(_, entry)| typed(entry)).map(|(key, value): &(K, V)| (key, value))
    }

    /// The entries from a key on.
    pub fn iter_from<'a>(&'a self, from: &K) -> impl Iterator<Item = (&'a K, &'a V)> + use<'a, K, V> {
        let from: Arc<[u8]> = encoded(from).into();
        self.entries.range(from..).filter_map(|(_, entry)| typed(entry)).map(|(key, value): &(K, V)| (key, value))
    }

    pub fn keys(&self) -> impl Iterator<Item = &K> {
        self.iter().map(|(key, _)| key)
    }

    pub fn values(&self) -> impl Iterator<Item = &V> {
        self.iter().map(|(_, value)| value)
    }
}

fn encoded<Q: TableKey + ?Sized>(key: &Q) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(48);
    key.encode(&mut bytes);
    bytes
}

/// Entries of a table are of the table's types, so this always gives them back.
fn typed<K: 'static, V: 'static>(entry: &Entry) -> Option<&(K, V)> {
    entry.downcast_ref()
}

/// The entry itself where nobody shares it, else a copy.
fn owned<K: Clone + Send + Sync + 'static, V: Clone + Send + Sync + 'static>(entry: Entry) -> Option<(K, V)> {
    Some(Arc::unwrap_or_clone(entry.downcast().ok()?))
}

impl<K, V> Clone for Table<K, V> {
    fn clone(&self) -> Self {
        Table { entries: self.entries.clone(), types: PhantomData }
    }
}

impl<K, V> Default for Table<K, V> {
    fn default() -> Self {
        Table { entries: OrdMap::new(), types: PhantomData }
    }
}

impl<K, V> PartialEq for Table<K, V>
where
    K: TableKey + PartialEq + Clone + Send + Sync + 'static,
    V: PartialEq + Clone + Send + Sync + 'static,
{
    fn eq(&self, other: &Self) -> bool {
        self.len() == other.len() && self.iter().eq(other.iter())
    }
}

impl<K, V> fmt::Debug for Table<K, V>
where
    K: TableKey + fmt::Debug + Clone + Send + Sync + 'static,
    V: fmt::Debug + Clone + Send + Sync + 'static,
{
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_map().entries(self.iter()).finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_sort_as_their_bytes_do() {
        let mut table: Table<(i64, Name), u32> = Table::new();
        let keys: Vec<(i64, Name)> = vec![
            (-5, "z".into()),
            (-1, "".into()),
            (0, "a".into()),
            (0, "aa".into()),
            (0, "b".into()),
            (7, "a".into()),
        ];
        for (value, key) in keys.iter().enumerate().rev() {
            table.insert(key.clone(), value as u32);
        }
        assert_eq!(table.keys().cloned().collect::<Vec<_>>(), keys);
        assert_eq!(table.iter_from(&(0, "aa".into())).map(|(_, value)| *value).collect::<Vec<_>>(), [3, 4, 5]);
        assert_eq!(table.first().map(|(_, value)| *value), Some(0));
    }

    #[test]
    fn a_copy_keeps_what_the_original_loses() {
        let mut table: Table<Name, String> = Table::new();
        table.insert("a".into(), "1".into());
        let copy = table.clone();
        table.update("a".into(), |old| old.map(|text| text + "2"));
        table.update("b".into(), |old| Some(old.unwrap_or_default()));
        assert_eq!(table.get("a").map(String::as_str), Some("12"));
        assert_eq!(copy.get("a").map(String::as_str), Some("1"));
        assert_eq!((table.len(), copy.len()), (2, 1));
        assert_eq!(table.remove("b"), Some(String::new()));
        assert_eq!(table.pop_first(), Some(("a".into(), "12".into())));
        assert!(table.is_empty() && table.get("a").is_none());
    }
}
