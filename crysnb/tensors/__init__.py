"""What symmetry leaves of a tensor: free components, zeros, printed relations, and the reasons."""
