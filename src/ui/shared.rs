//! Values that compare by pointer: equal means "the very same", which costs nothing to find out.

use std::ops::Deref;
use std::rc::Rc;

#[derive(Debug, Default)]
pub struct Shared<T: ?Sized>(pub Rc<T>);

impl<T: ?Sized> Clone for Shared<T> {
    fn clone(&self) -> Self {
        Shared(Rc::clone(&self.0))
    }
}

impl<T: ?Sized> PartialEq for Shared<T> {
    fn eq(&self, other: &Self) -> bool {
        Rc::ptr_eq(&self.0, &other.0)
    }
}

impl<T: ?Sized> Deref for Shared<T> {
    type Target = T;

    fn deref(&self) -> &T {
        &self.0
    }
}

impl<T> From<T> for Shared<T> {
    fn from(value: T) -> Self {
        Shared(Rc::new(value))
    }
}

impl<T: PartialEq> Shared<T> {
    /// Takes a new value; keeps the old pointer when nothing changed. Says whether something did.
    pub fn update(&mut self, value: T) -> bool {
        let changed = *self.0 != value;
        if changed {
            self.0 = Rc::new(value);
        }
        changed
    }

    /// The same for a value that somebody else keeps: it is copied only if it changed.
    pub fn update_from(&mut self, value: &T)
    where
        T: Clone,
    {
        if *self.0 != *value {
            self.0 = Rc::new(value.clone());
        }
    }
}
