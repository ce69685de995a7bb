"""Where metrics go: a table, TensorBoard, Weights & Biases, MLflow."""
