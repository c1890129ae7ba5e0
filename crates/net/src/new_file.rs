//! A file that is there as a whole, or not at all.

use std::io;
use std::path::{Path, PathBuf};

use tokio::fs::File;
use tokio::io::AsyncWriteExt;

/// A file that is being written beside the one whose place it takes in the end. It is removed when
/// nobody finishes it. Only its owner may read it.
///
/// ```
/// # #[tokio::main(flavor = "current_thread")] async fn main() -> std::io::Result<()> {
/// # let directory = tempfile::tempdir()?;
/// # let path = directory.path().join("backup");
/// use quorate_net::new_file::NewFile;
///
/// let mut file = NewFile::create(&path).await?;
/// file.write_all(b"all of it").await?;
/// assert!(!path.exists());
/// file.finish().await?;
/// assert_eq!(std::fs::read(&path)?, b"all of it");
/// # Ok(())
/// # }
/// ```
#[derive(Debug)]
pub struct NewFile {
    file: File,
    target: PathBuf,
    /// Where it is until it is finished.
    partial: Option<PathBuf>,
}

impl NewFile {
    /// Begins the file that is to be at `target`.
    ///
    /// # Errors
    /// When `target` names no file, or none can be made beside it.
    pub async fn create(target: &Path) -> io::Result<Self> {
        let mut name = std::ffi::OsString::from(".");
        name.push(target.file_name().ok_or(io::ErrorKind::InvalidInput)?);
        name.push(format!(".{}.partial", std::process::id()));
        let path = target.with_file_name(name);
        let mut options = File::options();
        options.write(true).create(true).truncate(true);
        #[cfg(unix)]
        options.mode(0o600);
        let file = options.open(&path).await?;
        Ok(Self {
            file,
            target: target.to_owned(),
            partial: Some(path),
        })
    }

    /// Appends `bytes`.
    ///
    /// # Errors
    /// What the system says.
    pub async fn write_all(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.file.write_all(bytes).await
    }

    /// Makes it durable and puts it in its place.
    ///
    /// # Errors
    /// What the system says; then what was there before is there still.
    pub async fn finish(mut self) -> io::Result<()> {
        self.file.flush().await?;
        self.file.sync_all().await?;
        if let Some(partial) = &self.partial {
            tokio::fs::rename(partial, &self.target).await?;
        }
        self.partial = None;
        let folder = self.target.parent();
        let folder = folder.filter(|it| !it.as_os_str().is_empty());
        // Some systems can't do that, and the file itself is safe already.
        if let Ok(folder) = File::open(folder.unwrap_or(Path::new("."))).await {
            let _ = folder.sync_all().await;
        }
        Ok(())
    }
}

impl Drop for NewFile {
    fn drop(&mut self) {
        if let Some(path) = self.partial.take() {
            // One that can't be removed now can't be removed at all.
            let _ = std::fs::remove_file(path);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn what_is_not_finished_leaves_everything_as_it_was() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("a");
        std::fs::write(&path, "before").unwrap();
        let mut file = NewFile::create(&path).await.unwrap();
        file.write_all(b"half").await.unwrap();
        drop(file);
        assert_eq!(std::fs::read_to_string(&path).unwrap(), "before");
        let left = std::fs::read_dir(directory.path()).unwrap().count();
        assert_eq!(left, 1, "the partial file is gone");
        let nameless = NewFile::create(Path::new("/")).await.unwrap_err();
        assert_eq!(nameless.kind(), io::ErrorKind::InvalidInput);
    }
}
