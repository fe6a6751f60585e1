//! `/v1/images/jobs`: pictures as jobs, Busbar's own format.

mod answer;
mod ask;

pub use answer::{
    ImageJob, ImageJobEvent, ImageJobFault, ImageJobList, ImageJobPicture, ImageJobProgress, ImageJobRecipe,
    ImageJobState,
};
pub use ask::{ImageJobAsked, ImageJobBody, NsfwSetting, WebhookBody, WebhookEvent};
