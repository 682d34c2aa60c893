"""Reading evidence: from what was seen to symptoms, one shape for all channels."""
