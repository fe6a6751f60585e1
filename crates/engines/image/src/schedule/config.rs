//! `scheduler/scheduler_config.json`.

use busbar_core::ImageScheduler;
use candle_core::{Result, bail};
use serde::Deserialize;

use super::Prediction;

/// What a model's scheduler is set to. `None` where the schedulers differ in what is usual.
#[derive(Clone, Debug, Deserialize)]
#[serde(default)]
pub(crate) struct ScheduleConfig {
    #[serde(rename = "_class_name")]
    pub(crate) class: String,
    pub(crate) num_train_timesteps: usize,
    pub(crate) beta_start: f64,
    pub(crate) beta_end: f64,
    pub(crate) beta_schedule: String,
    pub(crate) trained_betas: Option<Vec<f32>>,
    pub(crate) prediction_type: String,
    pub(crate) timestep_spacing: Option<String>,
    pub(crate) steps_offset: f64,
    pub(crate) rescale_betas_zero_snr: bool,
    pub(crate) set_alpha_to_one: Option<bool>,
    pub(crate) clip_sample: Option<bool>,
    pub(crate) clip_sample_range: f64,
    pub(crate) skip_prk_steps: Option<bool>,
    pub(crate) use_karras_sigmas: bool,
    pub(crate) final_sigmas_type: String,
    pub(crate) solver_order: usize,
    pub(crate) solver_type: Option<String>,
    pub(crate) algorithm_type: Option<String>,
    pub(crate) lower_order_final: bool,
    pub(crate) euler_at_final: bool,
    pub(crate) predict_x0: bool,
    pub(crate) disable_corrector: Vec<usize>,
    thresholding: bool,
    interpolation_type: Option<String>,
    timestep_type: Option<String>,
    variance_type: Option<String>,
    use_exponential_sigmas: Option<bool>,
    use_beta_sigmas: Option<bool>,
    use_lu_lambdas: Option<bool>,
    use_flow_sigmas: Option<bool>,
}

impl Default for ScheduleConfig {
    fn default() -> Self {
        Self {
            class: String::new(),
            num_train_timesteps: 1000,
            beta_start: 0.0001,
            beta_end: 0.02,
            beta_schedule: "linear".into(),
            trained_betas: None,
            prediction_type: "epsilon".into(),
            timestep_spacing: None,
            steps_offset: 0.0,
            rescale_betas_zero_snr: false,
            set_alpha_to_one: None,
            clip_sample: None,
            clip_sample_range: 1.0,
            skip_prk_steps: None,
            use_karras_sigmas: false,
            final_sigmas_type: "zero".into(),
            solver_order: 2,
            solver_type: None,
            algorithm_type: None,
            lower_order_final: true,
            euler_at_final: false,
            predict_x0: true,
            disable_corrector: Vec::new(),
            thresholding: false,
            interpolation_type: None,
            timestep_type: None,
            variance_type: None,
            use_exponential_sigmas: None,
            use_beta_sigmas: None,
            use_lu_lambdas: None,
            use_flow_sigmas: None,
        }
    }
}

impl ScheduleConfig {
    /// The scheduler that the file names.
    pub(crate) fn kind(&self) -> Option<ImageScheduler> {
        Some(match self.class.as_str() {
            "DDIMScheduler" => ImageScheduler::Ddim,
            "PNDMScheduler" => ImageScheduler::Pndm,
            "EulerDiscreteScheduler" => ImageScheduler::Euler,
            "EulerAncestralDiscreteScheduler" => ImageScheduler::EulerAncestral,
            "DPMSolverMultistepScheduler" if self.use_karras_sigmas => ImageScheduler::DpmPlusPlus2MKarras,
            "DPMSolverMultistepScheduler" => ImageScheduler::DpmPlusPlus2M,
            "UniPCMultistepScheduler" => ImageScheduler::UniPc,
            _ => return None,
        })
    }

    /// The file as the reference pipeline reads it: pictures from latents are never clipped, and
    /// times begin at 1 wherever they are counted up from the beginning.
    pub(crate) fn for_latents(mut self) -> Self {
        self.clip_sample = Some(false);
        self.steps_offset = 1.0;
        self
    }

    /// What the network predicts.
    pub(crate) fn prediction(&self) -> Result<Prediction> {
        match self.prediction_type.as_str() {
            "epsilon" => Ok(Prediction::Epsilon),
            "v_prediction" => Ok(Prediction::Velocity),
            "sample" => Ok(Prediction::Sample),
            other => bail!("`prediction_type` = `{other}` is not supported"),
        }
    }

    /// Whether the last noise level is that of the first time rather than none.
    pub(crate) fn ends_at_least_noise(&self) -> Result<bool> {
        match self.final_sigmas_type.as_str() {
            "zero" => Ok(false),
            "sigma_min" => Ok(true),
            other => bail!("`final_sigmas_type` = `{other}` is not supported"),
        }
    }

    /// Refuses what would be done wrongly.
    pub(crate) fn check(&self) -> Result<()> {
        let flags = [
            ("use_exponential_sigmas", self.use_exponential_sigmas),
            ("use_beta_sigmas", self.use_beta_sigmas),
            ("use_lu_lambdas", self.use_lu_lambdas),
            ("use_flow_sigmas", self.use_flow_sigmas),
            ("thresholding", Some(self.thresholding)),
        ];
        for (name, flag) in flags {
            if flag == Some(true) {
                bail!("a scheduler with `{name}` is not supported")
            }
        }
        let words = [
            ("interpolation_type", &self.interpolation_type, "linear"),
            ("timestep_type", &self.timestep_type, "discrete"),
            ("algorithm_type", &self.algorithm_type, "dpmsolver++"),
            ("variance_type", &self.variance_type, "fixed_small"),
        ];
        for (name, word, known) in words {
            if let Some(word) = word.as_deref().filter(|word| *word != known) {
                bail!("a scheduler with `{name}` = `{word}` is not supported")
            }
        }
        if !(1..=3).contains(&self.solver_order) {
            bail!(
                "a scheduler with `solver_order` = {} is not supported",
                self.solver_order
            )
        }
        if self.num_train_timesteps < 2 {
            bail!(
                "a scheduler that knows {} times is not supported",
                self.num_train_timesteps
            )
        }
        Ok(())
    }
}
