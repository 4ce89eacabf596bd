"""ActionFormer: segments of actions in a long video, found in its embeddings.

``config`` the settings; ``network`` embeddings to logits and distances; ``points`` and ``assignment`` what it
should say where; ``losses``; ``training`` the update; ``decode`` its outputs to segments; ``suppression``,
``voting`` and ``fusion`` those to detections; ``reference`` weights of the released code.
"""
