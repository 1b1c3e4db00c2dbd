//! The shop's two customers. Their passwords stand on the login page, so they stand here in clear text too: a real
//! shop keeps an argon2id hash of each, and limits guesses.

use sha2::{Digest, Sha256};
use subtle::ConstantTimeEq;

/// A customer of the shop.
#[derive(Debug, PartialEq, Eq)]
pub struct Account {
    /// What the customer types to log in.
    pub username: &'static str,
    /// Shown on the login page.
    pub demo_password: &'static str,
    /// The shop's own id of the customer: the `sub` of the widget token.
    pub customer_id: &'static str,
    /// The customer's full name.
    pub name: &'static str,
    /// The customer's address.
    pub email: &'static str,
}

impl Account {
    /// What the shop calls the customer.
    #[must_use]
    pub fn first_name(&self) -> &'static str {
        self.name.split(' ').next().unwrap_or(self.name)
    }
}

/// All customers.
pub static ACCOUNTS: [Account; 2] = [
    Account {
        username: "mia",
        demo_password: "tea-leaf",
        customer_id: "cust_1042",
        name: "Mia Lindqvist",
        email: "mia@marram.example",
    },
    Account {
        username: "tom",
        demo_password: "kettle-on",
        customer_id: "cust_1187",
        name: "Tom Okafor",
        email: "tom@marram.example",
    },
];

/// The customer of that name and password.
///
/// Passwords are compared as hashes in constant time, and an unknown name costs the same comparison: the time of
/// the answer tells neither a password's first letters nor which names exist.
#[must_use]
pub fn verify(username: &str, password: &str) -> Option<&'static Account> {
    let account = ACCOUNTS.iter().find(|account| account.username == username);
    let expected = Sha256::digest(account.map_or("", |account| account.demo_password));
    let is_equal: bool = Sha256::digest(password).ct_eq(&expected).into();
    account.filter(|_| is_equal)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_right_password_opens_an_account() {
        assert_eq!(verify("mia", "tea-leaf").map(|account| account.customer_id), Some("cust_1042"));
        for (username, password) in [("mia", "kettle-on"), ("mia", ""), ("mia", "tea-leaf "), ("nobody", ""), ("", "")]
        {
            assert_eq!(verify(username, password), None);
        }
    }
}
