"""Guests, their kernels, images, disks and servers."""
