"""Config keys and choices of earlier releases, and what they are called now."""

from __future__ import annotations

RENAMED: dict[str, str] = {
    "callbacks.seeds": "callbacks.seed_each_batch",
    "callbacks.pace": "callbacks.throughput",
    "callbacks.pictures": "callbacks.log_images",
    "callbacks.checkup": "callbacks.judge_samples",
    "callbacks.stop": "callbacks.save_on_signal",
    "callbacks.average": "callbacks.weight_average",
    "logger.table": "logger.csv",
    "learning_rate": "lr_scheduler",
    "data.order_seed": "data.shuffle_seed",
    "data.mix": "world.mix",
    "text_encoder=things": "text_encoder=bottleneck",
    "decoder=layers": "decoder=compositing",
    "encoder.conditioning=things": "encoder=slots slot_queries=objects",
    "encoder.conditioning=cross_attention": "encoder=slots slot_queries=learned",
    "encoder.slots": "model.num_slots",
    "encoder.slot_width": "model.slot_width",
    "encoder.patch": "model.patch",
    "encoder.sketch": "encoder.auxiliary_loss_weight",
    "prior.slots": "model.num_slots",
    "prior.width": "model.slot_width",
    "prior.messages": "prior.message_width",
    "prior.steps": "prior.sampler.steps",
    "prior.solver": "prior.sampler.solver",
    "prior.guidance_scale": "prior.sampler.guidance_scale",
    "prior.corrections": "prior.sampler.restarts",
    "sampling": "sampler",
    "sampling.corrections": "sampler.restarts",
    "ablation=conditioning_concat": "ablation=latent_concat",
    "ablation=conditioning_film": "ablation=latent_film",
    "ablation=conditioning_cross_attention": "ablation=slot_queries_learned",
    "ablation=decoder_residual": "ablation=decoder_slots",
    "ablation=no_sketch": "ablation=no_auxiliary_loss",
}
"""Old name -> new name: a dotted key (keys below it moved with it), a group, or ``group=choice``."""
