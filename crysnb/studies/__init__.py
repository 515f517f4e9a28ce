"""Studies of whole data sets, which train and evaluate many models; nothing else imports this."""
