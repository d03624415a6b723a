//! aws-files
