'''Fits the weights of src/verdict/evidence.h and writes src/verdict/evidence_weights.h.

usage: generate.py ACCURACY_FOLDER DIR; for each set of A B C pub: calibration_rows DIR/SET
       calibrate.py DIR OUT.h A,B,C,pub       fit on all (what is committed)
       calibrate.py DIR OUT.h A,C             fit on one half; score it on B: the cross-validation of docs/verdict.md
Needs numpy. Logistic regression with a ridge of 3 (online) and 1 (segments).
'''
import json,os,sys
import numpy as np
DIR=sys.argv[1]
NF=17
OF=13

def rows(name,suffix):
    labels={l['id']:l for l in json.load(open(f'{DIR}/{name}.lab'))}
    lower={}
    with open(f'{DIR}/{name}.txt') as f:
        while head:=f.readline().split():
            lower[head[0]]=head[2]=='0'
            f.readline();f.readline()
    for line in open(f'{DIR}/{name}.{suffix}'):
        p=line.split()
        yield p,labels[p[0]],lower[p[0]]

def same_direction(change,larger,lower):
    return ((change['direction']=='regression')==lower)==larger

def online_rows(name):
    '''A candidate is right when its window begins at a change of its direction that is at most 30 results old.'''
    X=[];Y=[];M=[]
    for p,l,lower in rows(name,'online'):
        if l['family']=='drift': continue
        t,m,i,larger=int(p[1]),int(p[2]),int(p[3]),p[4]=='1'
        if any(a<=i<=b or a<=t<=b for a,b in l['ignore']): continue
        near=[c for c in l['changes'] if c['i']<=t<c['i']+30]
        right=any(-min(2,m-1)<=i-c['i']<=2 and same_direction(c,larger,lower) for c in near)
        if near and not right: continue     # neither right nor wrong
        X.append([float(v) for v in p[5:5+NF]]);Y.append(right);M.append(m)
    X=np.array(X);M=np.array(M)
    return np.c_[X,X*np.log2(M)[:,None],X*(M==1)[:,None]],np.array(Y,float)

def segment_rows(name):
    '''A proposal is right within 5 results of a change of its direction; long series count by their root.'''
    X=[];Y=[];ids=[]
    for p,l,lower in rows(name,'segments'):
        i,larger=int(p[1]),p[2]=='1'
        if l['family']=='tcpd' or any(a<=i<=b for a,b in l['ignore']): continue
        X.append([float(v) for v in p[3:3+OF]]);ids.append(p[0])
        Y.append(any(abs(i-c['i'])<=5 and same_direction(c,larger,lower) for c in l['changes']))
    count={k:ids.count(k) for k in set(ids)}
    return np.array(X),np.array(Y,float),np.array([3/np.sqrt(count[k]) for k in ids])

def logistic(F,Y,W,ridge):
    scale=F.std(0);scale[0]=1;scale[scale<1e-9]=1e9
    Z=F/scale;b=np.zeros(Z.shape[1])
    for _ in range(60):
        p=1/(1+np.exp(-np.clip(Z@b,-30,30)))
        step=np.linalg.solve((Z*(W*p*(1-p))[:,None]).T@Z+ridge*np.eye(len(b)),Z.T@(W*(Y-p))-ridge*b)
        b+=step
        if abs(step).max()<1e-6: break
    return b/scale

def arr(name,v,n): return f'inline constexpr std::array<double, {n}> {name} = {{\n    '+',\n    '.join(', '.join(f'{x:.5g}' for x in v[i:i+6]) for i in range(0,len(v),6))+'};\n'
def write(won,seg,path):
    n=len(won)//3
    t='''#pragma once

#include <array>

#include "verdict/evidence.h"

/// Written by bench/accuracy/calibrate.py: the weights of evidence.h, in the order of its features.
namespace bl::verdict {

'''+arr('k_online_weights',won[:n],'k_online_features')+'/// Added for each doubling of the window.\n'+arr('k_online_weights_per_octave',won[n:2*n],'k_online_features')+'/// Added for a window of one result.\n'+arr('k_online_weights_of_one',won[2*n:],'k_online_features')+'\n'+arr('k_segment_weights',seg,'k_segment_features')+'\n}  // namespace bl::verdict\n'
    open(path,'w').write(t)

sets=sys.argv[3].split(',')
online=[online_rows(s) for s in sets];segments=[segment_rows(s) for s in sets]
F=np.concatenate([r[0] for r in online]);Y=np.concatenate([r[1] for r in online])
G=[np.concatenate([r[k] for r in segments]) for k in range(3)]
write(logistic(F,Y,np.ones(len(Y)),3),logistic(*G,1),sys.argv[2])
