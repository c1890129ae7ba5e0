//! What servers did under a load, and how they compare.

use crate::load::{Figures, Load};
use crate::process::Server;
use crate::report::median;

/// What one server did under one load, round by round.
#[derive(Debug, Default)]
#[non_exhaustive]
pub struct Measured {
    /// Requests a second.
    pub rate: Vec<f64>,
    /// CPU time a request, in microseconds.
    pub cpu_micros: Vec<f64>,
    /// What 99% of the requests took at most, in microseconds.
    pub p99_micros: Vec<f64>,
}

impl Measured {
    /// Runs one round of the load; `request` is as in [`Load::run`].
    ///
    /// # Errors
    /// Those of the load.
    pub async fn measure<F>(
        &mut self,
        server: &Server,
        load: &Load,
        request: F,
    ) -> anyhow::Result<()>
    where
        F: Fn(usize, u64, &mut Vec<u8>) + Clone + Send + 'static,
    {
        self.measure_run(server, load.run(request)).await
    }

    /// Runs one round of any load.
    ///
    /// # Errors
    /// Those of the load.
    pub async fn measure_run(
        &mut self,
        server: &Server,
        run: impl Future<Output = anyhow::Result<Figures>>,
    ) -> anyhow::Result<()> {
        let before = server.cpu()?;
        let figures = run.await?;
        let cpu = server.cpu()?.saturating_sub(before);
        #[expect(clippy::cast_precision_loss, reason = "a figure for people")]
        let each = cpu.as_secs_f64() * 1e6 / figures.requests() as f64;
        self.rate.push(figures.rate());
        self.cpu_micros.push(each);
        self.p99_micros
            .push(figures.percentile(99).as_secs_f64() * 1e6);
        Ok(())
    }

    /// Prints the medians behind the server's name.
    pub fn print(&self, name: &str) {
        println!(
            "  {name:<10} {:>9.0} requests/s   {:>7.1} µs CPU each   p99 {:>8.0} µs",
            median(&self.rate),
            median(&self.cpu_micros),
            median(&self.p99_micros)
        );
    }
}

/// The median of the ratios, round by round.
#[must_use]
pub fn over(ours: &[f64], theirs: &[f64]) -> f64 {
    let ratios: Vec<_> = ours
        .iter()
        .zip(theirs)
        .map(|(ours, theirs)| ours / theirs)
        .collect();
    median(&ratios)
}
