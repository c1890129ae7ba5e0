use std::path::{Path, PathBuf};

/// Why a store can't do its work.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum StoreError {
    /// A file can't be opened, read or written.
    #[error("{action} {}", path.display())]
    Storage {
        /// What failed: `open`, `read` or `write`.
        action: &'static str,
        /// The file.
        path: PathBuf,
        /// The reason.
        source: Box<dyn std::error::Error + Send + Sync>,
    },
    /// Another process, or another store of this one, has the file open.
    #[error("{} is open elsewhere", .0.display())]
    Locked(PathBuf),
    /// The file was written by a newer version of this program.
    #[error("{} has format {found}, this program reads up to {supported}", path.display())]
    NewerFormat {
        /// The file.
        path: PathBuf,
        /// The format of the file.
        found: u8,
        /// The newest format that is understood.
        supported: u8,
    },
    /// The file is not what was written.
    #[error("{} is damaged: {problem}", path.display())]
    Damaged {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        problem: String,
    },
    /// One commit is larger than 4 GiB.
    #[error("a commit of more than 4 GiB")]
    TooLarge,
}

impl StoreError {
    /// For `map_err`: what failed, where, and why.
    pub(super) fn storage<E: std::error::Error + Send + Sync + 'static>(
        action: &'static str,
        path: &Path,
    ) -> impl FnOnce(E) -> Self {
        move |error| Self::Storage {
            action,
            path: path.into(),
            source: Box::new(error),
        }
    }

    /// A file with something in it that was not written.
    pub(super) fn damaged(path: &Path, problem: impl Into<String>) -> Self {
        Self::Damaged {
            path: path.into(),
            problem: problem.into(),
        }
    }
}
