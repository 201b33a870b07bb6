//! Mail domains that anybody gets an address of for ten minutes.
//!
//! The list is that of the project `disposable-email-domains` (CC0), as of November 2026, without the domains that lie
//! below another one of it.

use crate::contact::Email;

/// One domain a line, sorted.
const DOMAINS: &str = include_str!("disposable-domains.txt");

/// Whether `email` is at a domain of the list, or below one.
pub fn is_disposable(email: &Email) -> bool {
    let domain = email.as_str().rsplit('@').next().unwrap_or_default().to_lowercase();
    let mut rest = domain.as_str();
    loop {
        if listed(rest) {
            return true;
        }
        match rest.split_once('.') {
            Some((_, parent)) => rest = parent,
            None => return false,
        }
    }
}

/// By bisection: the list is sorted, and is never taken apart.
fn listed(domain: &str) -> bool {
    let (mut low, mut high) = (0, DOMAINS.len());
    while low < high {
        let middle = low + (high - low) / 2;
        let begin = DOMAINS[..middle].rfind('\n').map_or(0, |at| at + 1);
        let end = DOMAINS[middle..].find('\n').map_or(DOMAINS.len(), |at| middle + at);
        match DOMAINS[begin..end].cmp(domain) {
            std::cmp::Ordering::Equal => return true,
            std::cmp::Ordering::Less => low = end + 1,
            std::cmp::Ordering::Greater => high = begin,
        }
    }
    false
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_domain_of_the_list_is_found_and_no_other() {
        let lines: Vec<&str> = DOMAINS.lines().collect();
        assert!(lines.is_sorted(), "bisection needs an order");
        assert!(lines.iter().all(|domain| listed(domain)));
        for other in ["", "a", "example.com", "gmail.com", "zzzz.zz", "0", "~"] {
            assert!(!listed(other), "{other}");
        }
    }

    #[test]
    fn subdomains_and_capitals_make_no_difference() {
        for (email, disposable) in [
            ("ada@mailinator.com", true),
            ("ada@MAILINATOR.com", true),
            ("ada@x.mailinator.com", true),
            ("ada@notmailinator.example", false),
            ("mailinator.com@example.com", false),
        ] {
            assert_eq!(is_disposable(&email.parse().unwrap()), disposable, "{email}");
        }
    }
}
