//! Takes the steps of all jobs, in turn over instances.
//!
//! An instance's jobs are done one at a time, oldest first; a step is work like a request's, in the instance's place of the
//! work pool. A step that takes too long, or that the database refuses, fails its job after [`limits::JOB_STEP_ATTEMPTS`] attempts, and holds up nothing
//! but the jobs of its own instance.

use std::collections::{HashMap, HashSet, VecDeque};
use std::sync::Arc;
use std::time::Duration;

use backlot_store::StoreError;
use backlot_store::jobs::{Job, Jobs as _};
use backlot_wix::InstanceId;
use backlot_wix::data::limits;
use tokio::sync::watch;
use tokio::task::JoinSet;

use super::job_step::is_costly;
use super::jobs::KEPT;
use super::{Data, DataFault};

/// How often a node looks for jobs that another one left, and for those that are to be forgotten.
const POLL_INTERVAL: Duration = Duration::from_secs(5);
/// Steps at once.
const MAX_AT_ONCE: usize = 4;
/// Instances that wait for their turn.
const MAX_INSTANCES: u32 = 10_000;
/// The wait after the database has failed.
const RETRY_PAUSE: Duration = Duration::from_secs(1);

/// Takes the steps of all jobs.
pub(crate) struct JobRunner {
    data: Arc<Data>,
    /// Instances with jobs, the next one first.
    turns: VecDeque<InstanceId>,
    /// Those in `turns`, and those whose step is being taken.
    known: HashSet<InstanceId>,
    steps: JoinSet<Taken>,
    /// Attempts of the same step that took too long, by the job's id.
    attempts: HashMap<String, u32>,
}

/// What the runner waits for.
enum Event {
    Stop,
    Step(Result<Taken, tokio::task::JoinError>),
    NewJob,
    Poll,
}

/// What became of an instance's turn.
struct Taken {
    instance_id: InstanceId,
    job: Option<Job>,
    outcome: Result<(), DataFault>,
}

impl JobRunner {
    pub(crate) fn new(data: Arc<Data>) -> Self {
        Self {
            data,
            turns: VecDeque::new(),
            known: HashSet::new(),
            steps: JoinSet::new(),
            attempts: HashMap::new(),
        }
    }

    /// Runs until the server stops.
    pub(crate) async fn run(mut self, mut stopped: watch::Receiver<bool>) {
        let data = Arc::clone(&self.data);
        let mut poll = tokio::time::interval(POLL_INTERVAL);
        poll.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
        loop {
            self.begin_steps();
            let event = tokio::select! {
                biased;
                _ = stopped.wait_for(|stopped| *stopped) => Event::Stop,
                Some(taken) = self.steps.join_next() => Event::Step(taken),
                () = data.new_job.notified() => Event::NewJob,
                _ = poll.tick() => Event::Poll,
            };
            let looked = match event {
                Event::Stop => break,
                Event::Step(Ok(taken)) => {
                    self.end_step(taken).await;
                    Ok(())
                }
                // A step that panicked does not say whose it was: all are found again.
                Event::Step(Err(_)) => {
                    self.known.clear();
                    self.turns.clear();
                    self.look().await
                }
                Event::NewJob => self.look().await,
                Event::Poll => self.forget_and_look().await,
            };
            if let Err(error) = looked {
                tracing::warn!(%error, "failed to look for jobs");
            }
        }
        // A step that is under way is finished: it is written as a whole or not at all.
        while self.steps.join_next().await.is_some() {}
    }

    fn begin_steps(&mut self) {
        while self.steps.len() < MAX_AT_ONCE {
            let Some(instance_id) = self.turns.pop_front() else {
                return;
            };
            self.steps.spawn(step(Arc::clone(&self.data), instance_id));
        }
    }

    async fn forget_and_look(&mut self) -> Result<(), StoreError> {
        let before = self.data.clock.now() - KEPT;
        self.data.store.forget_jobs(before).await?;
        self.look().await
    }

    /// Adds the instances whose jobs are not known yet.
    async fn look(&mut self) -> Result<(), StoreError> {
        let found = self.data.store.instances_with_jobs(MAX_INSTANCES).await?;
        for instance_id in found {
            if self.known.insert(instance_id) {
                self.turns.push_back(instance_id);
            }
        }
        Ok(())
    }

    /// Puts an instance at the end of the line, unless it has no jobs left.
    async fn end_step(&mut self, taken: Taken) {
        let Taken {
            instance_id,
            job,
            outcome,
        } = taken;
        let Some(job) = job else {
            self.known.remove(&instance_id);
            if let Err(error) = outcome {
                tracing::warn!(%instance_id, %error, "failed to find the next job");
                self.data.new_job.notify_one();
                tokio::time::sleep(RETRY_PAUSE).await;
            }
            return;
        };
        match outcome {
            // Another node was faster, or the collection has changed: look again.
            Ok(()) | Err(DataFault::Store(StoreError::Outdated)) => {
                self.attempts.remove(&job.job_id);
            }
            Err(DataFault::Store(error @ (StoreError::Unavailable(_) | StoreError::Full))) => {
                tracing::warn!(job.id = job.job_id, %error, "a job cannot go on, trying again");
                tokio::time::sleep(RETRY_PAUSE).await;
            }
            Err(DataFault::Store(error)) => self.count_attempt(&job, &error.to_string()).await,
            Err(DataFault::Fault(fault)) if is_costly(&fault) => {
                self.count_attempt(&job, &fault.to_string()).await;
            }
            Err(DataFault::Fault(fault)) => {
                tracing::info!(job.id = job.job_id, %fault, "a job ended with a fault");
                self.fail(&job).await;
            }
        }
        self.turns.push_back(instance_id);
    }

    async fn count_attempt(&mut self, job: &Job, cause: &str) {
        let attempts = self.attempts.entry(job.job_id.clone()).or_default();
        *attempts += 1;
        if *attempts < limits::JOB_STEP_ATTEMPTS {
            return;
        }
        tracing::warn!(job.id = job.job_id, instance.id = %job.instance_id, cause, "a job failed");
        self.fail(job).await;
    }

    async fn fail(&mut self, job: &Job) {
        self.attempts.remove(&job.job_id);
        let failed = self.data.store.fail_job(job.instance_id, &job.job_id).await;
        if let Err(error) = failed {
            tracing::warn!(job.id = job.job_id, %error, "failed to end a job");
        }
    }
}

/// One step of the oldest job of an instance.
async fn step(data: Arc<Data>, instance_id: InstanceId) -> Taken {
    let job = match data.store.next_job(instance_id).await {
        Ok(job) => job,
        Err(error) => {
            return Taken {
                instance_id,
                job: None,
                outcome: Err(error.into()),
            };
        }
    };
    let outcome = match job.clone() {
        None => Ok(()),
        Some(job) => {
            // One at a time, so it waits behind the instance's requests, however many there are.
            let pool = data.work.clone();
            let work = move |budget| async move { data.take_step(&job, budget).await };
            let failed = |_| StoreError::Refused("the step ended without an outcome".to_owned());
            let outcome = pool.run(instance_id, usize::MAX, work).await;
            outcome.unwrap_or_else(|refusal| Err(failed(refusal).into()))
        }
    };
    Taken {
        instance_id,
        job,
        outcome,
    }
}
