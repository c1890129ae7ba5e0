//! The layers, in their order.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::path::PathBuf;
use std::task::{Context, Poll};

use super::remote::{News, Remote};
use super::{ConfigError, Format, Origin, Parameter, Parameters, Secrets, codec, document};
use super::{environment, merge};

/// One layer.
#[derive(Debug)]
pub(super) enum Layer {
    /// Values of the program.
    Defaults(BTreeMap<String, Parameter>),
    File(FileLayer),
    Environment(EnvironmentLayer),
    Store(Box<Remote>),
}

#[derive(Debug)]
pub(super) struct FileLayer {
    pub(super) file: File,
    pub(super) found: BTreeMap<String, Parameter>,
}

/// A file, and what is expected of it.
#[derive(Clone, Debug)]
pub(super) struct File {
    pub(super) path: PathBuf,
    pub(super) format: Format,
    pub(super) required: bool,
}

#[derive(Debug)]
pub(super) struct EnvironmentLayer {
    pub(super) prefix: String,
    pub(super) variables: Vec<(OsString, OsString)>,
}

/// All layers; a later one lies over an earlier one.
#[derive(Debug)]
pub(super) struct Stack {
    pub(super) layers: Vec<Layer>,
    pub(super) secrets: Secrets,
}

impl File {
    async fn read(&self) -> Result<BTreeMap<String, Parameter>, ConfigError> {
        let origin = Origin::File(self.path.clone());
        let Some(bytes) = document::file(&self.path).await? else {
            if !self.required {
                return Ok(BTreeMap::new());
            }
            return Err(ConfigError::File {
                path: self.path.clone(),
                source: std::io::ErrorKind::NotFound.into(),
            });
        };
        let value = document::parse(self.format, &bytes, &origin)?;
        let one = |text| Parameter::new(text, origin.clone(), None);
        let found = codec::encode(&value)?.into_iter();
        Ok(found.map(|(path, text)| (path, one(text))).collect())
    }
}

impl Stack {
    /// Reads files and the environment anew. After an error everything is as it was.
    pub(super) async fn reload(&mut self) -> Result<(), ConfigError> {
        let files = self.layers.iter().filter_map(|layer| match layer {
            Layer::File(layer) => Some(layer.file.clone()),
            _ => None,
        });
        let files: Vec<File> = files.collect();
        let mut found = Vec::with_capacity(files.len());
        for file in files {
            found.push(file.read().await?);
        }
        let mut found = found.into_iter();
        for layer in &mut self.layers {
            match layer {
                Layer::File(file) => file.found = found.next().unwrap_or_default(),
                Layer::Environment(environment) => {
                    environment.variables = std::env::vars_os().collect();
                }
                Layer::Defaults(_) | Layer::Store(_) => {}
            }
        }
        Ok(())
    }

    /// All layers over each other.
    pub(super) fn compose(&self) -> Result<Parameters, ConfigError> {
        self.compose_with(None)
    }

    /// The same, if the store with this number among the stores held these parameters.
    pub(super) fn compose_with(
        &self,
        mut instead: Option<(usize, BTreeMap<String, Parameter>)>,
    ) -> Result<Parameters, ConfigError> {
        let mut all = BTreeMap::new();
        let mut stores = 0;
        for layer in &self.layers {
            let upper = match layer {
                Layer::Defaults(values) => values.clone(),
                Layer::File(file) => file.found.clone(),
                Layer::Environment(one) => environment::read(&one.prefix, &one.variables, &all)?,
                Layer::Store(remote) => {
                    stores += 1;
                    match instead.take_if(|(number, _)| *number + 1 == stores) {
                        Some((_, parameters)) => parameters,
                        None => remote.parameters()?,
                    }
                }
            };
            merge::overlay(&mut all, upper);
        }
        Ok(Parameters::new(all, &self.secrets))
    }

    pub(super) fn stores(&self) -> impl Iterator<Item = &Remote> {
        self.layers.iter().filter_map(|layer| match layer {
            Layer::Store(remote) => Some(&**remote),
            _ => None,
        })
    }

    fn stores_mut(&mut self) -> impl Iterator<Item = &mut Remote> {
        self.layers.iter_mut().filter_map(|layer| match layer {
            Layer::Store(remote) => Some(&mut **remote),
            _ => None,
        })
    }

    /// Whether every store has told a whole state.
    pub(super) fn is_ready(&self) -> bool {
        self.stores().all(Remote::is_ready)
    }

    /// Whether no store is followed any more, and there was one.
    pub(super) fn is_ended(&self) -> bool {
        self.stores().next().is_some() && self.stores().all(Remote::is_ended)
    }

    /// Waits until a store has something to tell, and takes it.
    pub(super) async fn next(&mut self) -> News {
        std::future::poll_fn(|cx| self.poll(cx)).await
    }

    fn poll(&mut self, cx: &mut Context<'_>) -> Poll<News> {
        let mut news = News::default();
        for remote in self.stores_mut() {
            let of_one = remote.poll(cx);
            news.data |= of_one.data;
            news.state |= of_one.state;
        }
        if news == News::default() {
            return Poll::Pending;
        }
        Poll::Ready(news)
    }
}
