//! AWS managed policies that we know by name. The list is older than AWS's own, so that a name that is not on it may
//! be good, and nothing depends on it but advice.

use std::{collections::HashMap, sync::LazyLock};

const LIST: &str = include_str!("managed_policies.txt");

/// Paths such as `job-function/Billing`, by name.
static PATHS: LazyLock<HashMap<&str, &str>> =
    LazyLock::new(|| paths().map(|path| (name_of(path), path)).collect());

static SUGGESTED: LazyLock<Vec<&str>> = LazyLock::new(|| {
    // Those of services, and for AWS's own tasks as an account's root user, are not for people.
    let is_for_people = |path: &&str| !path.contains('/') || path.starts_with("job-function/");
    paths().filter(is_for_people).map(name_of).collect()
});

fn paths() -> impl Iterator<Item = &'static str> {
    LIST.lines().filter(|line| !line.starts_with('#'))
}

fn name_of(path: &str) -> &str {
    path.rsplit_once('/').map_or(path, |(_, name)| name)
}

/// The path of a policy with this name, if we know one.
pub fn path_of(name: &str) -> Option<&'static str> {
    PATHS.get(name).copied()
}

/// Whether we know the policy with this ARN, in whatever partition.
pub fn is_known(arn: &str) -> bool {
    let path = arn.split_once(":policy/").map(|(_, path)| path);
    path.is_some_and(|path| path_of(name_of(path)) == Some(path))
}

/// Names that people may want, in order.
pub fn suggested() -> &'static [&'static str] {
    &SUGGESTED
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::policies::{JOB_FUNCTIONS, managed};

    #[test]
    fn the_list_has_what_people_use_each_once_and_well_formed() {
        for (name, arn) in JOB_FUNCTIONS {
            assert!(is_known(arn) && suggested().contains(&name), "{name}");
        }
        for name in ["ReadOnlyAccess", "AmazonS3ReadOnlyAccess", "AmazonEC2FullAccess", "IAMFullAccess"] {
            assert!(suggested().contains(&name), "{name}");
        }
        let all: Vec<&str> = paths().collect();
        assert_eq!(PATHS.len(), all.len(), "no name is there twice");
        for path in all {
            assert_eq!(managed(name_of(path)), Ok(format!("arn:aws:iam::aws:policy/{path}")));
            assert!(!path.starts_with("aws-service-role/"), "{path}");
        }
        assert!(is_known("arn:aws-cn:iam::aws:policy/ReadOnlyAccess"));
        assert!(!is_known("arn:aws:iam::aws:policy/Billing"), "it is a job function's");
        assert!(!is_known("arn:aws:iam::aws:policy/ReadOnlyAcess"));
    }
}
