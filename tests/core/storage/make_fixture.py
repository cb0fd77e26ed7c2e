#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Writes made_by_python.safetensors with the safetensors library (PyPI, numpy front end): what safetensors_test.cpp reads.

usage: make_fixture.py   (beside this file; needs numpy and safetensors)
"""
import pathlib

import numpy as np
from safetensors.numpy import save_file

tensors = {
    "f32": np.array([[1.5, -2.25, 0.0], [3.4028235e38, -0.0, 1e-45]], dtype=np.float32),
    "f64": np.array([0.1, -1e300], dtype=np.float64),
    "f16": np.array([65504.0, -0.5], dtype=np.float16),
    "i64": np.array([-(2**63), 2**63 - 1], dtype=np.int64),
    "i32": np.array([[-7], [11]], dtype=np.int32),
    "i16": np.array([-300], dtype=np.int16),
    "i8": np.array([-128, 127, 5], dtype=np.int8),
    "u8": np.array([0, 255, 17], dtype=np.uint8),
    "bool": np.array([True, False, True], dtype=np.bool_),
    "scalar": np.array(2.5, dtype=np.float32),
    "empty": np.zeros((0, 4), dtype=np.float32),
}
save_file(tensors, pathlib.Path(__file__).with_name("made_by_python.safetensors"), metadata={"format": "pt", "made with": "Füllung"})
