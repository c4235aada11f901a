"""What is tried, and the programs that try it: crashes, faults, power cuts, the matrix of kernels."""
