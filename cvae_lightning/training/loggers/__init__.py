"""Where metrics go: a CSV file, TensorBoard, Weights & Biases, MLflow."""
