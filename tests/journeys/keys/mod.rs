//! Security keys in the shipped app: found at a card reader, managed, refused, taken away in the middle.

mod pin;
